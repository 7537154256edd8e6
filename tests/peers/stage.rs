//! The stage of all cases: a pair over TLS, and pods that no case changes.

use std::{
    fs,
    sync::{
        OnceLock,
        atomic::{AtomicUsize, Ordering},
    },
};

use serde_json::json;
use tokio::runtime::Runtime;

use crate::{
    harness::{Caller, Pair, PrivateCa, Setup, cri},
    proxies::Fronts,
};

/// The service that JWTs are for.
pub(crate) const AUDIENCE: &str = "billing";

/// The log of the pod `web`.
pub(crate) const WEB: &str = "one\ntwo\nthree\n";

/// Started by the first case that needs it, and stopped when the last one is over.
#[derive(Debug)]
pub(crate) struct Stage {
    runtime: Runtime,
    pair: OnceLock<Pair>,
    alice: OnceLock<Caller>,
    namespaces: AtomicUsize,
    pub(crate) fronts: OnceLock<Fronts>,
}

/// A namespace that one case may change, and a user who may read only that.
#[derive(Debug)]
pub(crate) struct OwnNamespace {
    pub(crate) name: String,
    pub(crate) reader: Caller,
}

impl Default for Stage {
    fn default() -> Self {
        Self {
            runtime: Runtime::new().unwrap(),
            pair: OnceLock::new(),
            alice: OnceLock::new(),
            namespaces: AtomicUsize::new(0),
            fronts: OnceLock::new(),
        }
    }
}

impl Stage {
    pub(crate) fn pair(&self) -> &Pair {
        self.pair.get_or_init(|| {
            let setup = Setup::new().gateway("GATEWAY_REVALIDATE", "1s");
            let pair = over_tls(setup.sso("SSO_JWT_AUDIENCES", AUDIENCE));
            write_logs(&pair);
            pair
        })
    }

    /// Alice, who may read the namespace `team-a`.
    pub(crate) fn alice(&self) -> &Caller {
        self.alice.get_or_init(|| self.user("alice", "logs:read:team-a/*"))
    }

    /// A namespace of the case's own.
    pub(crate) fn own(&self) -> OwnNamespace {
        let name = format!("own-{}", self.namespaces.fetch_add(1, Ordering::Relaxed));
        let reader = self.user(&name, &format!("logs:read:{name}/*"));
        OwnNamespace { name, reader }
    }

    pub(crate) fn block_on<T>(&self, task: impl Future<Output = T>) -> T {
        self.runtime.block_on(task)
    }

    fn user(&self, name: &str, permission: &str) -> Caller {
        self.block_on(self.pair().user(name, &[permission]))
    }
}

/// The gateway serves its chain with the root, as the documentation of the kubeconfig requires.
pub(crate) fn over_tls(setup: Setup) -> Pair {
    over_tls_of(setup, PrivateCa::new())
}

/// The same with certificates of this authority.
pub(crate) fn over_tls_of(setup: Setup, ca: PrivateCa) -> Pair {
    let (authority, served) = (fs::read_to_string(ca.file()).unwrap(), ca.files("gateway"));
    let setup = setup.over_tls(ca);
    let chain = fs::read_to_string(&served.certificate).unwrap() + &authority;
    fs::write(&served.certificate, chain).unwrap();
    setup.start()
}

/// A kubeconfig with the caller's token in it, for this namespace. YAML is JSON as well.
pub(crate) fn kubeconfig(pair: &Pair, caller: &Caller, namespace: &str) -> String {
    let (server, ca) = (format!("https://{}", pair.gateway.listening()), pair.ca().file());
    let kubeconfig = json!({
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [{ "name": "c", "cluster": { "server": server, "certificate-authority": ca } }],
        "users": [{ "name": "u", "user": { "token": caller.token() } }],
        "contexts": [
            { "name": "x", "context": { "cluster": "c", "user": "u", "namespace": namespace } },
        ],
        "current-context": "x",
    });
    kubeconfig.to_string()
}

/// Restarts the only container of a pod. The new log is complete at once: a watcher would see
/// partial states otherwise.
pub(crate) fn restart(pair: &Pair, namespace: &str, pod: &str) {
    let container = pair.logs.pod(namespace, pod).container("app");
    container.write("new", cri(&["another run"]));
    fs::rename(container.path().join("new"), container.path().join("1.log")).unwrap();
}

/// Removes the pod at once.
pub(crate) fn remove(pair: &Pair, namespace: &str, pod: &str) {
    let gone = pair.beside_logs(&format!("gone-from-{namespace}"));
    fs::rename(pair.logs.pod(namespace, pod).path(), gone).unwrap();
}

fn write_logs(pair: &Pair) {
    let logs = &pair.logs;
    logs.write("team-a", "web", cri(&["one", "two", "three"]));
    logs.write(
        "team-a",
        "ages",
        concat!(
            "2001-01-01T00:00:00.5Z stdout F long ago\n",
            "2126-01-01T00:00:00+02:00 stderr F to come\n",
        ),
    );
    logs.write("team-a", "bytes", b"2026-11-01T10:00:00Z stdout F \xff\xfe \0 \xe2\x89\xa0\r\n");
    let crashy = logs.pod("team-a", "crashy").container("app");
    crashy.write("0.log", cri(&["before"])).write("1.log", cri(&["after"]));
    for container in ["app", "sidecar"] {
        let lines = cri(&[&format!("first of {container}"), &format!("last of {container}")]);
        logs.pod("team-a", "multi").container(container).write("0.log", lines);
    }
    logs.pod("team-a", "waiting").container("app");
    logs.write("team-b", "secret", cri(&["hidden"]));
}
