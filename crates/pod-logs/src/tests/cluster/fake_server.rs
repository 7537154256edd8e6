//! An API server with one pod, whose connections can be cut. It knows what the kubelet does with
//! `sinceTime`, `tailLines`, `previous` and `follow`.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard},
};

use chrono::{DateTime, SecondsFormat, SubsecRound, Utc};
use serde_json::{Value, json};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    sync::watch,
};

use crate::{ApiServer, KubernetesSource};

/// A running API server. It ends with the runtime.
pub(super) struct FakeServer {
    state: Arc<Mutex<Cluster>>,
    changed: watch::Sender<u64>,
    _kubeconfig: tempfile::NamedTempFile,
    pub(super) source: KubernetesSource,
}

/// What the API server knows.
#[derive(Default)]
struct Cluster {
    runs: Vec<Run>,
    /// Why the container waits. `None` once it was started.
    waits_for: Option<String>,
    /// The pod was removed.
    is_gone: bool,
    /// Answers with this status, if it is set.
    failing: Option<u16>,
    /// After how many bytes each body is cut. Taken one by one; the last one stays.
    cuts: Vec<usize>,
    requests: Vec<String>,
}

/// The log of a run.
#[derive(Default, Clone)]
struct Run {
    /// What is in the current file.
    lines: Vec<(DateTime<Utc>, String)>,
    has_ended: bool,
}

impl FakeServer {
    pub(super) async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let kubeconfig = tempfile::NamedTempFile::new().unwrap();
        let config = json!({
            "apiVersion": "v1", "kind": "Config", "current-context": "x",
            "clusters": [{"name": "c", "cluster": {"server": format!("http://{address}")}}],
            "users": [{"name": "u", "user": {}}],
            "contexts": [{"name": "x", "context": {"cluster": "c", "user": "u"}}],
        });
        std::fs::write(kubeconfig.path(), config.to_string()).unwrap();
        let server = ApiServer::connect(Some(kubeconfig.path())).unwrap();
        let state =
            Arc::new(Mutex::new(Cluster { runs: vec![Run::default()], ..Cluster::default() }));
        let (changed, changes) = watch::channel(0);
        let serving = state.clone();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(serve(stream, serving.clone(), changes.clone()));
            }
        });
        let source = KubernetesSource::new(server);
        Self { state, changed, _kubeconfig: kubeconfig, source }
    }

    fn change(&self, change: impl FnOnce(&mut Cluster)) {
        change(&mut self.state.lock().unwrap());
        self.changed.send_modify(|changes| *changes += 1);
    }

    /// The container writes a line.
    pub(super) fn write(&self, time: DateTime<Utc>, line: &str) {
        self.change(|cluster| {
            cluster.runs.last_mut().unwrap().lines.push((time, line.to_owned()));
        });
    }

    /// The file is rotated away, but for its last lines.
    pub(super) fn rotate(&self, kept: usize) {
        self.change(|cluster| {
            let lines = &mut cluster.runs.last_mut().unwrap().lines;
            lines.drain(..lines.len().saturating_sub(kept));
        });
    }

    /// The container ends.
    pub(super) fn end(&self) {
        self.change(|cluster| cluster.runs.last_mut().unwrap().has_ended = true);
    }

    /// The container is started again.
    pub(super) fn restart(&self) {
        self.change(|cluster| {
            cluster.runs.last_mut().unwrap().has_ended = true;
            cluster.runs.push(Run::default());
        });
    }

    /// The container is not started, for this reason; with `None` it is.
    pub(super) fn wait_for(&self, reason: Option<&str>) {
        self.change(|cluster| cluster.waits_for = reason.map(str::to_owned));
    }

    /// The pod is removed.
    pub(super) fn remove(&self) {
        self.change(|cluster| {
            cluster.runs.last_mut().unwrap().has_ended = true;
            cluster.is_gone = true;
        });
    }

    /// Has bodies cut after so many bytes, one after another.
    pub(super) fn cut_after(&self, cuts: Vec<usize>) {
        self.change(|cluster| cluster.cuts = cuts);
    }

    /// Answers everything with this status.
    pub(super) fn fail_with(&self, status: Option<u16>) {
        self.change(|cluster| cluster.failing = status);
    }

    /// The requests for logs so far, without their paths.
    pub(super) fn log_requests(&self) -> Vec<String> {
        let state = self.state.lock().unwrap();
        let queries = state.requests.iter().filter_map(|request| request.split_once("/log?"));
        queries.map(|(_, query)| query.to_owned()).collect()
    }
}

impl Cluster {
    fn pod(&self) -> Value {
        let of = |number: usize| {
            let id = format!("cri://{number}");
            match self.runs[number].has_ended {
                true => json!({"terminated": {"containerID": id, "exitCode": 0}}),
                false => json!({"running": {}}),
            }
        };
        let last = self.runs.len() - 1;
        let (mut id, mut state) = (format!("cri://{last}"), of(last));
        if let Some(reason) = &self.waits_for {
            (id, state) = (String::new(), json!({"waiting": {"reason": reason}}));
        }
        json!({
            "metadata": {"name": "web", "namespace": "shop", "uid": "5f0c-1"},
            "spec": {"containers": [{"name": "app"}]},
            "status": {"containerStatuses": [{
                "name": "app", "image": "", "imageID": "", "ready": true,
                "restartCount": last, "containerID": id, "state": state,
                "lastState": if last > 0 { of(last - 1) } else { json!({}) },
            }]},
        })
    }

    fn next_cut(&mut self) -> usize {
        match self.cuts.len() {
            0 => usize::MAX,
            1 => self.cuts[0],
            _ => self.cuts.remove(0),
        }
    }
}

async fn serve(
    mut stream: TcpStream,
    state: Arc<Mutex<Cluster>>,
    mut changes: watch::Receiver<u64>,
) {
    loop {
        let Some(target) = next_request(&mut stream).await else { return };
        let (failing, pod) = {
            let mut cluster = lock(&state);
            cluster.requests.push(target.clone());
            let failing = cluster.failing.or(cluster.is_gone.then_some(404));
            (failing, cluster.pod().to_string())
        };
        let answer = |status: u16, body: &str| {
            let length = body.len();
            format!("HTTP/1.1 {status} x\r\ncontent-length: {length}\r\n\r\n{body}")
        };
        let Some((_, query)) = target.split_once("/log?") else {
            let failure = failing.map(|status| answer(status, r#"{"message":"no"}"#));
            let text = failure.unwrap_or_else(|| answer(200, &pod));
            if stream.write_all(text.as_bytes()).await.is_err() {
                return;
            }
            continue;
        };
        if let Some(status) = failing {
            let _ = stream.write_all(answer(status, r#"{"message":"no"}"#).as_bytes()).await;
            continue;
        }
        let is_whole = give_log(&mut stream, query, &state, &mut changes).await;
        if is_whole.is_none() {
            return;
        }
    }
}

fn lock(state: &Mutex<Cluster>) -> MutexGuard<'_, Cluster> {
    state.lock().unwrap()
}

async fn next_request(stream: &mut TcpStream) -> Option<String> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(stream.read_u8().await.ok()?);
    }
    let head = String::from_utf8(head).ok()?;
    head.split(' ').nth(1).map(str::to_owned)
}

/// Gives the log of a run, until it ends or the connection is cut. `None` if it was cut.
async fn give_log(
    stream: &mut TcpStream,
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
    let (run, mut left, mut next) = {
        let mut cluster = lock(state);
        let run = cluster.runs.len() - 1 - usize::from(options.contains_key("previous"));
        let lines = cluster.runs[run].lines.len();
        let tail = options.get("tailLines").map_or(lines, |lines| lines.parse().unwrap());
        (run, cluster.next_cut(), lines.saturating_sub(tail))
    };
    let mut total = lock(state).runs[run].lines.len();
    stream.write_all(b"HTTP/1.1 200 x\r\ntransfer-encoding: chunked\r\n\r\n").await.ok()?;
    loop {
        changes.mark_unchanged();
        let (text, has_ended) = {
            let cluster = lock(state);
            let of_run = &cluster.runs[run];
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
            (text, of_run.has_ended || cluster.is_gone)
        };
        let sent = &text.as_bytes()[..text.len().min(left)];
        if !sent.is_empty() {
            let head = format!("{:x}\r\n", sent.len());
            stream.write_all(&[head.as_bytes(), sent, b"\r\n"].concat()).await.ok()?;
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
