//! Nodes that lie. They harm nobody else.

use std::{net::SocketAddr, sync::Arc};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpListener,
};

use super::scene::{listed, missing};
use crate::harness::{Cluster, Setup, cri, free_address};

const HEAD: &str = "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n\r\n";

/// A node that answers each request with these bytes, and then repeats the others without end.
async fn liar(address: SocketAddr, first: String, repeated: String) -> String {
    let listener = TcpListener::bind(address).await.unwrap();
    let address = listener.local_addr().unwrap();
    let (first, repeated) = (Arc::<str>::from(first), Arc::<str>::from(repeated));
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let (first, repeated) = (first.clone(), repeated.clone());
            tokio::spawn(async move {
                let mut request = [0; 4096];
                let _ = stream.read(&mut request).await;
                let _ = stream.write_all(first.as_bytes()).await;
                while !repeated.is_empty() && stream.write_all(repeated.as_bytes()).await.is_ok() {
                    tokio::task::yield_now().await;
                }
            });
        }
    });
    format!("http://{address}")
}

/// Where a node may listen that is none of ours.
fn own_address() -> SocketAddr {
    free_address([127, 0, 0, 9].into())
}

fn pod(name: &str) -> String {
    format!(
        "event: pod\ndata: {{\"event\":\"added\",\"namespace\":\"shop\",\"pod\":\"{name}\",\"uid\":\"u-{name}\",\
         \"incarnations\":[],\"containers\":[]}}\n\n"
    )
}

#[tokio::test]
async fn a_node_that_sends_anything_is_unreachable_and_takes_no_memory() {
    let many: String = (0..5000).map(|number| pod(&format!("pod-{number}"))).collect();
    let lies = [
        (String::new(), "x".repeat(65536)),
        ("HTTP/1.1 200 OK\r\n".to_owned(), "x: y\r\n".repeat(10_000)),
        ("HTTP/1.1 200 OK\r\nx: ".to_owned(), "x".repeat(65536)),
        (
            "HTTP/1.1 302 Found\r\nlocation: http://127.0.0.1:1/\r\ncontent-length: 0\r\n\r\n"
                .into(),
            String::new(),
        ),
        (HEAD.to_owned(), "x".repeat(65536)),
        (format!("{HEAD}event: pod\ndata: "), "x".repeat(65536)),
        (format!("{HEAD}event: synced\ndata: true\n\n"), String::new()),
        (format!("{HEAD}{many}"), ": still here\n\n".to_owned()),
        (format!("{HEAD}{}", pod("../../etc")), ": still here\n\n".to_owned()),
    ];
    let (authorities, nodes) = Cluster::nodes(1);
    nodes[0].logs.write("shop", "web", cri(&["one"]));
    let mut targets = vec![nodes[0].target()];
    for (first, repeated) in lies {
        targets.push(liar(own_address(), first, repeated).await);
    }
    let front = authorities.front(Setup::new(), &targets).start();
    let admin = front.admin().await;
    listed(&admin, &["shop/web@node-2"]).await;
    let mut liars: Vec<_> = targets[1..].iter().map(|target| &target["http://".len()..]).collect();
    liars.sort_unstable();
    missing(&admin, &liars).await;
    nodes[0].logs.write("shop", "api", cri(&["one"]));
    listed(&admin, &["shop/api@node-2", "shop/web@node-2"]).await;
    let peak = front.gateway.process().peak_memory();
    assert!(peak < 200 * 1024 * 1024, "{peak}");
}

#[tokio::test]
async fn a_node_takes_no_incarnation_from_another() {
    let (authorities, nodes) = Cluster::nodes(1);
    let uid = "u-web";
    nodes[0].logs.incarnation("shop", "web", uid).container("app").write("0.log", cri(&["one"]));
    let synced =
        "event: synced\ndata: {\"node\":\"liar\",\"started_at\":\"2026-11-01T10:00:00Z\"}\n\n";
    let heartbeats = "event: heartbeat\ndata: true\n\n".to_owned();
    let address = own_address();
    let targets = [nodes[0].target(), format!("http://{address}")];
    let front = authorities.front(Setup::new(), &targets).start();
    let admin = front.admin().await;
    listed(&admin, &["shop/web@node-2"]).await;
    liar(address, format!("{HEAD}{}{}{synced}", pod("web"), pod("own")), heartbeats).await;
    listed(&admin, &["shop/own@liar", "shop/web@node-2"]).await;
}

#[tokio::test]
async fn a_node_that_sends_comments_alone_has_no_heartbeat() {
    let synced =
        "event: synced\ndata: {\"node\":\"liar\",\"started_at\":\"2026-11-01T10:00:00Z\"}\n\n";
    let first = format!("{HEAD}{}{synced}", pod("web"));
    let liar = liar(own_address(), first, ": still here\n\n".to_owned()).await;
    let (authorities, _nodes) = Cluster::nodes(0);
    let front = authorities.front(Setup::new(), &[liar]).start();
    let admin = front.admin().await;
    missing(&admin, &["liar"]).await;
}
