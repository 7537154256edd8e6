//! The directory of pod logs that the gateway serves: the node's own, or samples.

use std::{
    convert::Infallible,
    fmt, fs,
    future::pending,
    path::{Path, PathBuf},
};

use anyhow::Context;

use crate::samples::Samples;

/// The nodes of a cluster of samples.
pub(crate) const NODES: [&str; 3] = ["node-1", "node-2", "node-3"];
/// Where the kubelet keeps the logs of a node's pods.
const NODE_LOGS: &str = "/var/log/pods";

/// The source of the logs.
pub(crate) enum LogSource {
    /// This machine is a node: its own pods.
    Node(PathBuf),
    /// This machine is not a node: sample pods that keep writing, in a directory for each node.
    Samples(Vec<PathBuf>, Samples),
}

/// A pod as it is named in a request.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Pod {
    pub(crate) namespace: String,
    pub(crate) name: String,
}

impl LogSource {
    /// The node's logs if there are any, else samples below `directory`.
    pub(crate) fn choose(directory: &Path) -> anyhow::Result<Self> {
        let node = Path::new(NODE_LOGS);
        if !pod_directories(node).is_empty() {
            return Ok(Self::Node(node.to_owned()));
        }
        Self::samples(vec![directory.join("pods")])
    }

    /// Samples below `directory`, on as many nodes as [`NODES`] names.
    pub(crate) fn cluster(directory: &Path) -> anyhow::Result<Self> {
        Self::samples(NODES.map(|node| directory.join(node)).into())
    }

    fn samples(roots: Vec<PathBuf>) -> anyhow::Result<Self> {
        let samples = Samples::create(&roots).context("cannot write sample logs")?;
        Ok(Self::Samples(roots, samples))
    }

    /// The log directories, one for each node.
    pub(crate) fn roots(&self) -> &[PathBuf] {
        match self {
            Self::Node(root) => std::slice::from_ref(root),
            Self::Samples(roots, _) => roots,
        }
    }

    /// The pods that can be read without naming a container, in order of their names.
    pub(crate) fn pods_with_one_container(&self) -> Vec<Pod> {
        let mut pods: Vec<_> = self
            .roots()
            .iter()
            .flat_map(|root| pod_directories(root))
            .filter(|(_, directory)| count_directories(directory) == 1)
            .map(|(pod, _)| pod)
            .collect();
        pods.sort();
        pods
    }

    /// Keeps the sample logs growing. Ends only by an error: a node's pods write by themselves.
    pub(crate) async fn write_on(&mut self) -> anyhow::Result<Infallible> {
        match self {
            Self::Node(_) => pending().await,
            Self::Samples(_, samples) => samples.write_on().await.context("sample logs stopped"),
        }
    }
}

impl fmt::Display for LogSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kind = match self {
            Self::Node(_) => "the pods of this node",
            Self::Samples(..) => "samples, growing as you read",
        };
        let roots: Vec<_> = self.roots().iter().map(|root| root.display().to_string()).collect();
        write!(f, "{} ({kind})", roots.join(", "))
    }
}

/// Empty if the directory cannot be read: this is not a node, or the user may not read its logs.
fn pod_directories(root: &Path) -> Vec<(Pod, PathBuf)> {
    let entries = fs::read_dir(root).into_iter().flatten().flatten();
    entries
        .filter_map(|entry| Some((parse_pod(entry.file_name().to_str()?)?, entry.path())))
        .collect()
}

/// Reads `<namespace>_<pod>_<uid>`; none of the three can hold a `_`.
fn parse_pod(directory: &str) -> Option<Pod> {
    let mut parts = directory.split('_');
    let (namespace, name, _uid) = (parts.next()?, parts.next()?, parts.next()?);
    parts.next().is_none().then(|| Pod { namespace: namespace.into(), name: name.into() })
}

fn count_directories(path: &Path) -> usize {
    let entries = fs::read_dir(path).into_iter().flatten().flatten();
    entries.filter(|entry| entry.path().is_dir()).count()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pod(namespace: &str, name: &str) -> Pod {
        Pod { namespace: namespace.into(), name: name.into() }
    }

    #[test]
    fn a_pod_is_named_by_its_directory() {
        assert_eq!(parse_pod("shop_web-0_5c1b"), Some(pod("shop", "web-0")));
        for other in ["lost+found", "shop_web-0", "a_b_c_d"] {
            assert_eq!(parse_pod(other), None, "{other}");
        }
    }

    #[test]
    fn examples_are_pods_with_one_container() {
        let root = tempfile::tempdir().unwrap();
        for directory in ["shop_web_1/app", "shop_web_1/proxy", "shop_cart_2/app", "b_a_3/app"] {
            fs::create_dir_all(root.path().join(directory)).unwrap();
        }
        let source = LogSource::Node(root.path().to_owned());
        assert_eq!(source.pods_with_one_container(), [pod("b", "a"), pod("shop", "cart")]);
    }

    #[test]
    fn a_directory_that_cannot_be_read_holds_no_pod() {
        assert!(pod_directories(Path::new("/nonexistent")).is_empty());
    }
}
