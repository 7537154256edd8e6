//! A front that asks a node, which is a socket here.

use std::net::Ipv4Addr;

use actix_web::http::header::HeaderMap as RequestHeaders;
use chrono::DateTime;
use rustls::{RootCertStore, crypto::ring};
use service_runtime::clock::ManualClock;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    task::JoinHandle,
};

use super::*;

const SYNCED: &str = "event: pod\ndata: {\"event\":\"added\",\"namespace\":\"shop\",\"pod\":\"web\",\
                      \"uid\":\"1\",\"incarnations\":[\"1\"],\"containers\":[]}\n\nevent: synced\ndata: \
                      {\"node\":\"node-1\",\"started_at\":\"2026-11-01T10:00:00Z\"}\n\n";

/// A front with one node, the connections to which are accepted by hand.
struct Scene {
    nodes: Arc<Nodes>,
    listener: TcpListener,
    /// The event stream.
    events: TcpStream,
}

impl Scene {
    async fn new() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let nodes = Arc::new(Nodes::new(tls(), Duration::from_secs(2), clock()));
        let target = NodeTarget::parse(&format!("http://{address}")).unwrap();
        tokio::spawn(nodes.clone().keep_current(vec![target]));
        let (mut events, request) = accept(&listener).await;
        assert!(request.starts_with("get /pods?heartbeat=1s http/1.1\r\n"), "{request}");
        assert!(request.contains("x-remote-user: logs-gateway-front\r\n"), "{request}");
        assert!(!nodes.has_settled());
        let head = "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n\r\n";
        events.write_all(format!("{head}{SYNCED}").as_bytes()).await.unwrap();
        let scene = Self { nodes, listener, events };
        while !scene.nodes.has_settled() {
            tokio::task::yield_now().await;
        }
        scene
    }

    fn node(&self) -> NodeHandle {
        self.nodes.all().remove(0)
    }

    fn ask(&self, check: PermissionCheck) -> JoinHandle<Result<(u16, String), NodeError>> {
        let node = self.node();
        tokio::spawn(async move {
            let caller = Caller::holding("logs:read:shop/*");
            let context = RequestContext::new(
                &RequestHeaders::new(),
                Ipv4Addr::new(203, 0, 113, 9).into(),
                DateTime::UNIX_EPOCH,
            );
            let path = "/logs/shop/web?tail=1";
            let answer =
                node.ask(Method::GET, path, &caller, &context, check, HeaderMap::new()).await?;
            let status = answer.status().as_u16();
            Ok((status, answer.text().await.unwrap_or_default()))
        })
    }
}

fn tls() -> ClientConfig {
    ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(RootCertStore::empty())
        .with_no_client_auth()
}

fn clock() -> Arc<dyn Clock> {
    Arc::new(ManualClock::at(DateTime::from_timestamp(1_793_527_200, 0).unwrap()))
}

/// A connection, and the head of the request that it brings.
async fn accept(listener: &TcpListener) -> (TcpStream, String) {
    let (mut stream, _) = listener.accept().await.unwrap();
    let head = read_head(&mut stream).await;
    (stream, head)
}

async fn read_head(stream: &mut TcpStream) -> String {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(stream.read_u8().await.unwrap());
    }
    String::from_utf8(head).unwrap().to_ascii_lowercase()
}

const ANSWER: &[u8] = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok";

#[tokio::test]
async fn a_node_is_told_who_asks_and_never_a_token() {
    let scene = Scene::new().await;
    assert_eq!((&**scene.node().name(), scene.node().is_reachable()), ("node-1", true));
    for (check, permissions) in [
        (PermissionCheck::ByFront, None),
        (PermissionCheck::ByNode, Some("x-remote-extra-permissions: logs:read:shop/*\r\n")),
    ] {
        let asking = scene.ask(check);
        let (mut stream, head) = accept(&scene.listener).await;
        stream.write_all(ANSWER).await.unwrap();
        drop(stream);
        assert_eq!(asking.await.unwrap().unwrap(), (200, "ok".into()));
        assert!(head.starts_with("get /logs/shop/web?tail=1 http/1.1\r\n"), "{head}");
        for line in [
            "x-remote-user: ada\r\n",
            "x-forwarded-for: 203.0.113.9\r\n",
            "via: 1.1 logs-gateway\r\n",
            "traceparent: 00-",
            "x-request-id: ",
        ] {
            assert!(head.contains(line), "{head}");
        }
        assert_eq!(permissions.map(|line| head.contains(line)), permissions.map(|_| true));
        assert_eq!(head.contains("x-remote-extra-"), permissions.is_some());
        assert!(!head.contains("authorization") && !head.contains("cookie"), "{head}");
    }
}

#[tokio::test]
async fn a_connection_is_reused_and_a_broken_one_replaced_once() {
    let scene = Scene::new().await;
    let asking = scene.ask(PermissionCheck::ByFront);
    let (mut stream, _) = accept(&scene.listener).await;
    stream.write_all(ANSWER).await.unwrap();
    asking.await.unwrap().unwrap();
    let asking = scene.ask(PermissionCheck::ByFront);
    read_head(&mut stream).await;
    // No byte of an answer came.
    drop(stream);
    let (mut stream, _) = accept(&scene.listener).await;
    stream.write_all(ANSWER).await.unwrap();
    assert_eq!(asking.await.unwrap().unwrap(), (200, "ok".into()));
    let asking = scene.ask(PermissionCheck::ByFront);
    for _ in 0..2 {
        drop(accept(&scene.listener).await);
    }
    let broken = asking.await.unwrap().unwrap_err();
    assert!(matches!(broken, NodeError::Broken(_)), "{broken}");
}

#[tokio::test]
async fn a_lost_node_is_not_asked_and_its_bodies_are_cut() {
    let scene = Scene::new().await;
    let node = scene.node();
    let pod = PodRef { namespace: "shop".parse().unwrap(), pod: "web".parse().unwrap() };
    assert_eq!(scene.nodes.node_of(&pod, None).unwrap().name(), node.name());
    let cut = tokio::spawn({
        let node = node.clone();
        async move { node.lost().await }
    });
    let asking_again = scene.ask(PermissionCheck::ByFront);
    let Scene { nodes, listener, events } = scene;
    let (stream, _) = accept(&listener).await;
    drop((events, listener, stream));
    asking_again.await.unwrap().unwrap_err();
    while node.is_reachable() {
        tokio::task::yield_now().await;
    }
    assert_eq!(nodes.missing(), ["node-1"]);
    let context = RequestContext::new(
        &RequestHeaders::new(),
        Ipv4Addr::LOCALHOST.into(),
        DateTime::UNIX_EPOCH,
    );
    let caller = Caller::holding("logs:read");
    let check = PermissionCheck::ByFront;
    let refused = node.ask(Method::GET, "/pods", &caller, &context, check, HeaderMap::new()).await;
    assert!(matches!(refused, Err(NodeError::Unreachable)));
    assert!(!cut.is_finished());
    tokio::time::pause();
    cut.await.unwrap();
}

#[tokio::test]
async fn redirects_are_not_followed() {
    let scene = Scene::new().await;
    let asking = scene.ask(PermissionCheck::ByFront);
    let (mut stream, _) = accept(&scene.listener).await;
    let answer =
        b"HTTP/1.1 302 Found\r\nlocation: http://127.0.0.1:1/\r\ncontent-length: 0\r\n\r\n";
    stream.write_all(answer).await.unwrap();
    assert_eq!(asking.await.unwrap().unwrap().0, 302);
}
