//! How the API server answers.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex},
};

use chrono::{DateTime, SecondsFormat, SubsecRound, Utc};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    sync::watch,
};

use super::{Cluster, Run, lock};

const CHUNKED: &[u8] = b"HTTP/1.1 200 x\r\ntransfer-encoding: chunked\r\n\r\n";
/// The same, and when a log was asked for, by the clock of the API server.
const DATED: &[u8] = b"HTTP/1.1 200 x\r\ndate: Sun, 01 Nov 2026 10:00:00 GMT\r\n\
    transfer-encoding: chunked\r\n\r\n";

/// Answers the requests of a connection, until it is cut.
pub(super) async fn serve(
    mut stream: TcpStream,
    state: Arc<Mutex<Cluster>>,
    mut changes: watch::Receiver<u64>,
) {
    while let Some(target) = next_request(&mut stream).await {
        lock(&state).requests.push(target.clone());
        if answer(&mut stream, &target, &state, &mut changes).await.is_none() {
            return;
        }
    }
}

async fn answer(
    stream: &mut TcpStream,
    target: &str,
    state: &Mutex<Cluster>,
    changes: &mut watch::Receiver<u64>,
) -> Option<()> {
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    let failing = lock(state).failing;
    if let Some(status) = failing {
        return whole(stream, status, r#"{"message":"no"}"#).await;
    }
    if path == "/api/v1/pods" {
        let failing = lock(state).failing_lists;
        if let Some(status) = failing {
            return whole(stream, status, r#"{"message":"no"}"#).await;
        }
        if query.contains("watch=true") {
            return watch_pods(stream, query, state, changes).await;
        }
        let list = lock(state).list().to_string();
        return whole(stream, 200, &list).await;
    }
    let rest = path.strip_prefix("/api/v1/namespaces/shop/pods/").unwrap_or_default();
    let name = rest.strip_suffix("/log").unwrap_or(rest);
    let found = lock(state)
        .pods
        .get(name)
        .map(|pod| (pod.uid.clone(), pod.failing, pod.object(name, 1).to_string()));
    match found {
        None => whole(stream, 404, r#"{"message":"not found"}"#).await,
        Some((_, _, object)) if rest == name => whole(stream, 200, &object).await,
        Some((_, Some(status), _)) => whole(stream, status, r#"{"message":"no log"}"#).await,
        Some((uid, None, _)) => give_log(stream, (name, &uid), query, state, changes).await,
    }
}

async fn whole(stream: &mut TcpStream, status: u16, body: &str) -> Option<()> {
    let length = body.len();
    let text = format!("HTTP/1.1 {status} x\r\ncontent-length: {length}\r\n\r\n{body}");
    stream.write_all(text.as_bytes()).await.ok()
}

async fn chunk(stream: &mut TcpStream, bytes: &[u8]) -> Option<()> {
    let head = format!("{:x}\r\n", bytes.len());
    stream.write_all(&[head.as_bytes(), bytes, b"\r\n"].concat()).await.ok()
}

async fn next_request(stream: &mut TcpStream) -> Option<String> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(stream.read_u8().await.ok()?);
    }
    let head = String::from_utf8(head).ok()?;
    head.split(' ').nth(1).map(str::to_owned)
}

/// Tells of changes of pods, until the client leaves.
async fn watch_pods(
    stream: &mut TcpStream,
    query: &str,
    state: &Mutex<Cluster>,
    changes: &mut watch::Receiver<u64>,
) -> Option<()> {
    let version = query.split('&').find_map(|pair| pair.strip_prefix("resourceVersion="));
    let mut next = version.map_or(0, |version| version.parse::<usize>().unwrap() - 1);
    stream.write_all(CHUNKED).await.ok()?;
    loop {
        changes.mark_unchanged();
        let text: String = {
            let cluster = lock(state);
            if cluster.failing_lists.is_some() {
                return None;
            }
            let new = cluster.events[next..].iter().map(|event| format!("{event}\n"));
            next = cluster.events.len();
            new.collect()
        };
        if !text.is_empty() {
            chunk(stream, text.as_bytes()).await?;
        }
        changes.changed().await.ok()?;
    }
}

/// Gives the log of a run, until it ends or the connection is cut. `None` if it was cut.
async fn give_log(
    stream: &mut TcpStream,
    (name, uid): (&str, &str),
    query: &str,
    state: &Mutex<Cluster>,
    changes: &mut watch::Receiver<u64>,
) -> Option<()> {
    let options: BTreeMap<String, String> = query
        .split('&')
        .filter_map(|pair| pair.split_once('='))
        .map(|(name, value)| (name.to_owned(), decode(value)))
        .collect();
    let since: Option<DateTime<Utc>> = options.get("sinceTime").map(|text| text.parse().unwrap());
    let follow = options.contains_key("follow");
    let container = options.get("container").map_or("app", String::as_str);
    let (run, mut left, mut next, mut total) = {
        let mut cluster = lock(state);
        let runs = cluster.pods.get(name)?.runs_of(container);
        let run = (runs.len() - 1).checked_sub(usize::from(options.contains_key("previous")))?;
        let lines = runs[run].lines.len();
        let tail = options.get("tailLines").map_or(lines, |lines| lines.parse().unwrap());
        (run, cluster.next_cut(), lines.saturating_sub(tail), lines)
    };
    stream.write_all(DATED).await.ok()?;
    loop {
        changes.mark_unchanged();
        let (text, has_ended) = {
            let cluster = lock(state);
            let gone = Run { has_ended: true, ..Run::default() };
            let pod = cluster.pods.get(name).filter(|pod| pod.uid == uid);
            let of_run = pod.map_or(&gone, |pod| &pod.runs_of(container)[run]);
            let lines = &of_run.lines;
            // What was rotated away is not given; the kubelet reads on in the new file.
            if lines.len() < total {
                next = next.saturating_sub(total - lines.len());
            }
            total = lines.len();
            let is_wanted = |(time, _): &&(DateTime<Utc>, String)| {
                since.is_none_or(|since| *time >= since.trunc_subsecs(0))
            };
            let new = lines[next.min(total)..].iter().filter(is_wanted);
            let text: String = new
                .map(|(time, line)| {
                    format!("{} {line}\n", time.to_rfc3339_opts(SecondsFormat::Nanos, true))
                })
                .collect();
            next = total;
            (text, of_run.has_ended)
        };
        let sent = &text.as_bytes()[..text.len().min(left)];
        if !sent.is_empty() {
            chunk(stream, sent).await?;
        }
        left -= sent.len();
        if sent.len() < text.len() {
            return None;
        }
        if !follow || has_ended {
            stream.write_all(b"0\r\n\r\n").await.ok()?;
            return Some(());
        }
        changes.changed().await.ok()?;
    }
}

fn decode(text: &str) -> String {
    percent_encoding::percent_decode_str(text).decode_utf8().unwrap().into_owned()
}
