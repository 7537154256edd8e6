//! An API server of a cluster, with the objects and logs that a test gives it. It lists and watches
//! pods, and refuses users as a test says. It records its requests.

mod streams;

use std::{
    collections::BTreeMap,
    net::SocketAddr,
    path::Path,
    sync::{Arc, Mutex},
};

use serde_json::{Value, json};
use tempfile::NamedTempFile;
use tokio::{
    io::AsyncWriteExt,
    net::{TcpListener, TcpStream},
    sync::watch,
    task::JoinHandle,
};

use super::fake_authority::{Asked, read_request};

/// A server that runs until dropped.
#[derive(Debug)]
pub(crate) struct FakeApiServer {
    state: Arc<State>,
    kubeconfig: NamedTempFile,
    task: JoinHandle<()>,
}

#[derive(Debug, Default)]
struct State {
    objects: watch::Sender<Objects>,
    asked: Mutex<Vec<Asked>>,
}

/// What the API server knows.
#[derive(Debug, Default)]
struct Objects {
    by_path: BTreeMap<String, Value>,
    /// Lines with their times, by the path of the pod.
    logs: BTreeMap<String, String>,
    /// Of pods. The version of a list is their number and one.
    events: Vec<Value>,
    /// Users that may not ask for paths that begin so. `None`: requests of the gateway itself.
    denied: Vec<(Option<String>, String)>,
}

impl FakeApiServer {
    pub(crate) async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let kubeconfig = kubeconfig(listener.local_addr().unwrap());
        let state = Arc::new(State::default());
        let task = tokio::spawn(serve(listener, state.clone()));
        Self { state, kubeconfig, task }
    }

    /// A kubeconfig that names it.
    pub(crate) fn kubeconfig(&self) -> &Path {
        self.kubeconfig.path()
    }

    /// Adds an object at its path, or replaces it.
    pub(crate) fn put(&self, path: &str, object: Value) {
        let path = path.to_owned();
        self.state.objects.send_modify(|objects| {
            objects.by_path.insert(path, object);
        });
    }

    /// Adds a running pod with a container `app`, these labels and this log.
    pub(crate) fn run_pod(&self, namespace: &str, name: &str, labels: &Value, log: &str) {
        let path = format!("/api/v1/namespaces/{namespace}/pods/{name}");
        self.state.objects.send_modify(|objects| {
            let version = (objects.events.len() + 2).to_string();
            let pod = running_pod(namespace, name, labels, &version);
            objects.events.push(json!({"type": "ADDED", "object": pod}));
            objects.by_path.insert(path.clone(), pod);
            objects.logs.insert(path, log.to_owned());
        });
    }

    /// The container of a pod writes a line, with its time.
    pub(crate) fn write(&self, namespace: &str, name: &str, line: &str) {
        let path = format!("/api/v1/namespaces/{namespace}/pods/{name}");
        self.state.objects.send_modify(|objects| {
            let log = objects.logs.get_mut(&path).unwrap();
            log.push_str(line);
            log.push('\n');
        });
    }

    /// Removes a pod.
    pub(crate) fn remove_pod(&self, namespace: &str, name: &str) {
        let path = format!("/api/v1/namespaces/{namespace}/pods/{name}");
        self.state.objects.send_modify(|objects| {
            objects.logs.remove(&path);
            let pod = objects.by_path.remove(&path).unwrap();
            objects.events.push(json!({"type": "DELETED", "object": pod}));
        });
    }

    /// Refuses paths that begin so to a user; with `None` to the gateway itself.
    pub(crate) fn deny(&self, user: Option<&str>, path: &str) {
        let rule = (user.map(str::to_owned), path.to_owned());
        self.state.objects.send_modify(|objects| objects.denied.push(rule));
    }

    /// Lets everybody ask for everything again.
    pub(crate) fn allow_all(&self) {
        self.state.objects.send_modify(|objects| objects.denied.clear());
    }

    /// The requests so far whose path begins so.
    pub(crate) fn asked_for(&self, path: &str) -> Vec<Asked> {
        let asked = self.state.asked.lock().unwrap();
        asked.iter().filter(|asked| asked.target().starts_with(path)).cloned().collect()
    }
}

impl Drop for FakeApiServer {
    fn drop(&mut self) {
        self.task.abort();
    }
}

fn kubeconfig(address: SocketAddr) -> NamedTempFile {
    let file = NamedTempFile::new().unwrap();
    let config = json!({
        "apiVersion": "v1", "kind": "Config", "current-context": "x",
        "clusters": [{"name": "c", "cluster": {"server": format!("http://{address}")}}],
        "users": [{"name": "u", "user": {}}],
        "contexts": [{"name": "x", "context": {"cluster": "c", "user": "u"}}],
    });
    std::fs::write(file.path(), config.to_string()).unwrap();
    file
}

fn running_pod(namespace: &str, name: &str, labels: &Value, version: &str) -> Value {
    json!({
        "kind": "Pod", "apiVersion": "v1",
        "metadata": {
            "namespace": namespace, "name": name, "uid": format!("uid-of-{name}"),
            "labels": labels, "resourceVersion": version,
        },
        "spec": {"containers": [{"name": "app", "image": "app:1"}]},
        "status": {"phase": "Running", "containerStatuses": [{
            "name": "app", "image": "app:1", "imageID": "", "ready": true, "restartCount": 0,
            "containerID": format!("cri://{name}"), "lastState": {},
            "state": {"running": {"startedAt": "2026-11-01T10:00:00Z"}},
        }]},
    })
}

impl Objects {
    /// Whether the user of a request may do what its review is about.
    fn allows(&self, asked: &Asked, review: &Value) -> bool {
        let text = |name: &str| review["spec"]["resourceAttributes"][name].as_str().unwrap_or("");
        let (namespace, resource, name) = (text("namespace"), text("resource"), text("name"));
        let path =
            format!("/api/v1/namespaces/{namespace}/{resource}/{name}/{}", text("subresource"));
        !self.denies(asked, path.trim_end_matches('/'))
    }

    fn denies(&self, asked: &Asked, path: &str) -> bool {
        let user = asked.find("impersonate-user");
        self.denied
            .iter()
            .any(|(denied, prefix)| denied.as_deref() == user && path.starts_with(prefix.as_str()))
    }

    /// The pods of a namespace, or of all.
    fn pods(&self, namespace: Option<&str>) -> Value {
        let is_pod = |(path, _): &(&String, &Value)| path.contains("/pods/");
        let items: Vec<_> = (self.by_path.iter().filter(is_pod))
            .map(|(_, pod)| pod)
            .filter(|pod| namespace.is_none_or(|name| pod["metadata"]["namespace"] == name))
            .collect();
        let metadata = json!({"resourceVersion": (self.events.len() + 1).to_string()});
        json!({"kind": "PodList", "apiVersion": "v1", "metadata": metadata, "items": items})
    }

    /// The log of a pod as the query asks for it.
    fn log(&self, path: &str, query: &str) -> Option<String> {
        let lines: Vec<_> = self.logs.get(path)?.lines().collect();
        let wanted = query.split('&').find_map(|pair| pair.strip_prefix("tailLines="));
        let tail = wanted.map_or(lines.len(), |tail| tail.parse().unwrap());
        let lines = &lines[lines.len().saturating_sub(tail)..];
        let has_times = query.contains("timestamps=true");
        let shown = |line: &&str| match has_times {
            true => format!("{line}\n"),
            false => format!("{}\n", line.split_once(' ').unwrap().1),
        };
        Some(lines.iter().map(shown).collect())
    }
}

async fn serve(listener: TcpListener, state: Arc<State>) {
    while let Ok((stream, _)) = listener.accept().await {
        tokio::spawn(answer(stream, state.clone()));
    }
}

/// Answers the requests of a connection, until the client leaves.
async fn answer(mut stream: TcpStream, state: Arc<State>) -> Option<()> {
    loop {
        let asked = read_request(&mut stream).await?;
        state.asked.lock().unwrap().push(asked.clone());
        let (path, query) = asked.target().split_once('?').unwrap_or((asked.target(), ""));
        let is_denied = state.objects.borrow().denies(&asked, path);
        let body = if is_denied {
            failure(403, "Forbidden", &format!("{path} is forbidden to the user"))
        } else if path.ends_with("/selfsubjectaccessreviews") {
            let review: Value = serde_json::from_slice(&asked.body).unwrap();
            let allowed = state.objects.borrow().allows(&asked, &review);
            whole(201, "application/json", &json!({"status": {"allowed": allowed}}).to_string())
        } else if path == "/api/v1/pods" || path.ends_with("/pods") {
            let namespace = path.strip_suffix("/pods").and_then(|path| path.rsplit_once('/'));
            let namespace = namespace.map(|(_, name)| name).filter(|name| *name != "v1");
            if query.contains("watch=true") {
                return streams::watch(&mut stream, query, namespace, &state).await;
            }
            whole(200, "application/json", &state.objects.borrow().pods(namespace).to_string())
        } else if let Some(pod) = path.strip_suffix("/log") {
            if query.contains("follow=true") {
                return streams::follow(&mut stream, pod, query, &state).await;
            }
            let log = state.objects.borrow().log(pod, query);
            log.map_or_else(not_found, |log| whole(200, "text/plain", &log))
        } else {
            let object = state.objects.borrow().by_path.get(path).map(Value::to_string);
            object.map_or_else(not_found, |object| whole(200, "application/json", &object))
        };
        stream.write_all(body.as_bytes()).await.ok()?;
    }
}

fn whole(status: u16, kind: &str, body: &str) -> String {
    let length = body.len();
    let head = format!("HTTP/1.1 {status} x\r\ncontent-type: {kind}\r\n");
    format!("{head}content-length: {length}\r\n\r\n{body}")
}

fn failure(status: u16, reason: &str, message: &str) -> String {
    let body = json!({
        "kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Failure",
        "message": message, "reason": reason, "code": status,
    });
    whole(status, "application/json", &body.to_string())
}

fn not_found() -> String {
    failure(404, "NotFound", "not found")
}
