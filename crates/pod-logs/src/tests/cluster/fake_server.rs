//! An API server with pods of the namespace `shop`, whose connections can be cut. It lists and watches
//! pods, and knows what the kubelet does with `sinceTime`, `tailLines`, `previous` and `follow`.

mod serving;

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard},
};

use chrono::{DateTime, Utc};
use serde_json::{Value, json};
use tokio::{net::TcpListener, sync::watch};

use self::serving::serve;
use crate::{ApiServer, KubernetesSource};

/// The pod that is there at first.
const WEB: &str = "web";
/// The name of an ephemeral container.
const DEBUGGER: &str = "debug";

/// A running API server. It ends with the runtime.
pub(super) struct FakeServer {
    state: Arc<Mutex<Cluster>>,
    changed: watch::Sender<u64>,
    _kubeconfig: tempfile::NamedTempFile,
    pub(super) server: ApiServer,
    pub(super) source: KubernetesSource,
}

/// What the API server knows.
#[derive(Default)]
struct Cluster {
    pods: BTreeMap<String, FakePod>,
    /// Of pods. The version of a list is how many there are, and one.
    events: Vec<Value>,
    /// Answers with this status, if it is set.
    failing: Option<u16>,
    /// Answers lists and watches of pods with this status, if it is set.
    failing_lists: Option<u16>,
    /// After how many bytes each body is cut. Taken one by one; the last one stays.
    cuts: Vec<usize>,
    requests: Vec<String>,
}

/// A pod with one container, and maybe an ephemeral one.
#[derive(Default, Clone)]
struct FakePod {
    uid: String,
    runs: Vec<Run>,
    /// The runs of the ephemeral container, one at most.
    debugger: Vec<Run>,
    labels: BTreeMap<String, String>,
    /// Why the container waits. `None` once it was started.
    waits_for: Option<String>,
    /// Answers about its logs with this status, if it is set.
    failing: Option<u16>,
}

/// The log of a run.
#[derive(Default, Clone)]
struct Run {
    /// What is in the current file.
    lines: Vec<(DateTime<Utc>, String)>,
    has_ended: bool,
}

impl FakeServer {
    /// With one pod.
    pub(super) async fn start() -> Self {
        let server = Self::without_pods().await;
        server.add_pod(WEB, "5f0c-1");
        server
    }

    pub(super) async fn without_pods() -> Self {
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
        let state = Arc::<Mutex<Cluster>>::default();
        let (changed, changes) = watch::channel(0);
        let serving = state.clone();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(serve(stream, serving.clone(), changes.clone()));
            }
        });
        let source = KubernetesSource::new(server.clone());
        Self { state, changed, _kubeconfig: kubeconfig, server, source }
    }

    fn change(&self, change: impl FnOnce(&mut Cluster)) {
        change(&mut self.state.lock().unwrap());
        self.changed.send_modify(|changes| *changes += 1);
    }

    /// Changes a pod, which is told to those that watch pods.
    fn change_pod(&self, name: &str, change: impl FnOnce(&mut FakePod)) {
        self.change(|cluster| {
            change(cluster.pods.get_mut(name).unwrap());
            cluster.tell("MODIFIED", name);
        });
    }

    /// Adds a pod whose container runs.
    pub(super) fn add_pod(&self, name: &str, uid: &str) {
        self.change(|cluster| {
            let runs = vec![Run::default()];
            let pod = FakePod { uid: uid.to_owned(), runs, ..FakePod::default() };
            cluster.pods.insert(name.to_owned(), pod);
            cluster.tell("ADDED", name);
        });
    }

    /// Gives the pod this label.
    pub(super) fn label(&self, name: &str, label: &str, value: &str) {
        self.change_pod(name, |pod| {
            pod.labels.insert(label.to_owned(), value.to_owned());
        });
    }

    /// Starts an ephemeral container in a pod, which writes a line.
    pub(super) fn debug(&self, name: &str, time: DateTime<Utc>, line: &str) {
        let lines = vec![(time, line.to_owned())];
        let debugger = vec![Run { lines, has_ended: false }];
        self.change_pod(name, |pod| pod.debugger = debugger);
    }

    /// The container of a pod writes a line.
    pub(super) fn write_to(&self, name: &str, time: DateTime<Utc>, line: &str) {
        self.change(|cluster| {
            let pod = cluster.pods.get_mut(name).unwrap();
            pod.runs.last_mut().unwrap().lines.push((time, line.to_owned()));
        });
    }

    /// The container writes a line.
    pub(super) fn write(&self, time: DateTime<Utc>, line: &str) {
        self.write_to(WEB, time, line);
    }

    /// The file is rotated away, but for its last lines.
    pub(super) fn rotate(&self, kept: usize) {
        self.change(|cluster| {
            let lines = &mut cluster.pods.get_mut(WEB).unwrap().runs.last_mut().unwrap().lines;
            lines.drain(..lines.len().saturating_sub(kept));
        });
    }

    /// The container ends.
    pub(super) fn end(&self) {
        self.end_pod(WEB);
    }

    /// The container of a pod ends.
    pub(super) fn end_pod(&self, name: &str) {
        self.change_pod(name, |pod| pod.runs.last_mut().unwrap().has_ended = true);
    }

    /// The container is started again.
    pub(super) fn restart(&self) {
        self.restart_pod(WEB);
    }

    /// The container of a pod is started again.
    pub(super) fn restart_pod(&self, name: &str) {
        self.change_pod(name, |pod| {
            pod.runs.last_mut().unwrap().has_ended = true;
            pod.runs.push(Run::default());
        });
    }

    /// The container is not started, for this reason; with `None` it is.
    pub(super) fn wait_for(&self, reason: Option<&str>) {
        self.change_pod(WEB, |pod| pod.waits_for = reason.map(str::to_owned));
    }

    /// The pod is removed.
    pub(super) fn remove(&self) {
        self.remove_pod(WEB);
    }

    /// A pod is removed.
    pub(super) fn remove_pod(&self, name: &str) {
        self.change(|cluster| {
            cluster.tell("DELETED", name);
            cluster.pods.remove(name);
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

    /// Answers lists of pods with this status, and cuts their watches.
    pub(super) fn fail_lists_with(&self, status: Option<u16>) {
        self.change(|cluster| cluster.failing_lists = status);
    }

    /// Answers everything about the logs of a pod with this status.
    pub(super) fn fail_logs_of(&self, name: &str, status: Option<u16>) {
        self.change(|cluster| cluster.pods.get_mut(name).unwrap().failing = status);
    }

    /// The requests so far.
    pub(super) fn requests(&self) -> Vec<String> {
        lock(&self.state).requests.clone()
    }

    /// The requests for logs so far, without their paths.
    pub(super) fn log_requests(&self) -> Vec<String> {
        let requests = self.requests();
        let queries = requests.iter().filter_map(|request| request.split_once("/log?"));
        queries.map(|(_, query)| query.to_owned()).collect()
    }
}

fn lock(state: &Mutex<Cluster>) -> MutexGuard<'_, Cluster> {
    state.lock().unwrap()
}

impl Cluster {
    /// Tells of a pod as it is now.
    fn tell(&mut self, kind: &str, name: &str) {
        let version = self.events.len() + 2;
        let object = self.pods[name].object(name, version);
        self.events.push(json!({"type": kind, "object": object}));
    }

    fn list(&self) -> Value {
        let version = self.events.len() + 1;
        let items = self.pods.iter().map(|(name, pod)| pod.object(name, version));
        let items: Vec<_> = items.collect();
        json!({"metadata": {"resourceVersion": version.to_string()}, "items": items})
    }

    fn next_cut(&mut self) -> usize {
        match self.cuts.len() {
            0 => usize::MAX,
            1 => self.cuts[0],
            _ => self.cuts.remove(0),
        }
    }
}

impl FakePod {
    fn runs_of(&self, container: &str) -> &[Run] {
        if container == DEBUGGER { &self.debugger } else { &self.runs }
    }

    fn object(&self, name: &str, version: usize) -> Value {
        let of = |number: usize| {
            let id = format!("cri://{name}/{number}");
            let started_at = "2026-11-01T10:00:00Z";
            match self.runs[number].has_ended {
                true => json!({"terminated": {
                    "containerID": id, "exitCode": 0, "startedAt": started_at,
                }}),
                false => json!({"running": {"startedAt": started_at}}),
            }
        };
        let last = self.runs.len() - 1;
        let (mut id, mut state) = (format!("cri://{name}/{last}"), of(last));
        if let Some(reason) = &self.waits_for {
            (id, state) = (String::new(), json!({"waiting": {"reason": reason}}));
        }
        let debuggers = self.debugger.iter().map(|_| json!({"name": DEBUGGER}));
        let of_debuggers = self.debugger.iter().map(|_| {
            json!({
                "name": DEBUGGER, "image": "", "imageID": "", "ready": false, "restartCount": 0,
                "containerID": format!("cri://{name}/debug"), "lastState": {},
                "state": {"running": {"startedAt": "2026-11-01T10:00:00Z"}},
            })
        });
        json!({
            "metadata": {
                "name": name, "namespace": "shop", "uid": self.uid, "labels": self.labels,
                "resourceVersion": version.to_string(),
            },
            "spec": {
                "containers": [{"name": "app"}],
                "ephemeralContainers": debuggers.collect::<Vec<_>>(),
            },
            "status": {
                "containerStatuses": [{
                    "name": "app", "image": "", "imageID": "", "ready": true,
                    "restartCount": last, "containerID": id, "state": state,
                    "lastState": if last > 0 { of(last - 1) } else { json!({}) },
                }],
                "ephemeralContainerStatuses": of_debuggers.collect::<Vec<_>>(),
            },
        })
    }
}
