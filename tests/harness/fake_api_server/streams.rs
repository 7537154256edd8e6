//! Answers that last.

use serde_json::Value;
use tokio::{io::AsyncWriteExt, net::TcpStream};

use super::{State, not_found};

/// Sends the log of a pod, until the pod is removed or the client leaves.
pub(super) async fn follow(
    stream: &mut TcpStream,
    pod: &str,
    query: &str,
    state: &State,
) -> Option<()> {
    let mut changes = state.objects.subscribe();
    let (mut sent, mut is_begun) = (String::new(), false);
    loop {
        let log = changes.borrow_and_update().log(pod, query);
        let Some(log) = log else {
            let end = if is_begun { "0\r\n\r\n".to_owned() } else { not_found() };
            return stream.write_all(end.as_bytes()).await.ok();
        };
        if !is_begun {
            is_begun = true;
            let head = "HTTP/1.1 200 x\r\ncontent-type: text/plain\r\n\
                        transfer-encoding: chunked\r\n\r\n";
            stream.write_all(head.as_bytes()).await.ok()?;
        }
        // Each line by itself, as the kubelet hands them on.
        let new = log[sent.len()..].split_inclusive('\n');
        let chunks: String = new.map(|line| format!("{:x}\r\n{line}\r\n", line.len())).collect();
        stream.write_all(chunks.as_bytes()).await.ok()?;
        sent = log;
        changes.changed().await.ok()?;
    }
}

/// Sends the changes of pods, until the client leaves.
pub(super) async fn watch(
    stream: &mut TcpStream,
    query: &str,
    namespace: Option<&str>,
    state: &State,
) -> Option<()> {
    let head = "HTTP/1.1 200 x\r\ncontent-type: application/json\r\n\
                transfer-encoding: chunked\r\n\r\n";
    stream.write_all(head.as_bytes()).await.ok()?;
    let version = query.split('&').find_map(|pair| pair.strip_prefix("resourceVersion="));
    let mut next = version.map_or(0, |version| version.parse::<usize>().unwrap() - 1);
    let mut changes = state.objects.subscribe();
    loop {
        let text: String = {
            let objects = changes.borrow_and_update();
            let new = objects.events[next..].iter();
            next = objects.events.len();
            let is_in = |event: &&Value| {
                namespace.is_none_or(|name| event["object"]["metadata"]["namespace"] == name)
            };
            new.filter(is_in).map(|event| format!("{event}\n")).collect()
        };
        if !text.is_empty() {
            let chunk = format!("{:x}\r\n{text}\r\n", text.len());
            stream.write_all(chunk.as_bytes()).await.ok()?;
        }
        changes.changed().await.ok()?;
    }
}
