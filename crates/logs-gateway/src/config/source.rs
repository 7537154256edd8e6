//! Settings of the source: where logs come from.

use std::path::PathBuf;

use service_runtime::settings::{Settings, list};

use super::{
    kubernetes::{self, KubernetesSettings},
    nodes::{self, NodesSettings},
};

const SOURCE: &str = "GATEWAY_SOURCE";
const DIRECTORY: &str = "GATEWAY_LOGS_DIR";
const ROOTS: &str = "GATEWAY_LOGS_ROOTS";

/// Where logs come from.
#[derive(Debug)]
pub(crate) enum SourceSettings {
    /// The files of this node.
    Files(LogFileSettings),
    /// The gateways of all nodes.
    Nodes(NodesSettings),
    /// The API server of the cluster.
    Kubernetes(KubernetesSettings),
}

/// Where log files are.
#[derive(Debug)]
pub(crate) struct LogFileSettings {
    /// The directory of pod logs.
    pub(crate) directory: PathBuf,
    /// Further directories that links of the log directory may lead to.
    pub(crate) roots: Vec<PathBuf>,
}

#[derive(Debug, Clone, Copy)]
enum SourceKind {
    Files,
    Nodes,
    Kubernetes,
}

impl SourceSettings {
    /// Takes them from `settings`, which keeps the faults. Settings of other sources have no effect.
    pub(super) fn read(settings: &mut Settings) -> Self {
        let kind = settings.get(SOURCE, source_kind).unwrap_or(SourceKind::Files);
        match kind {
            SourceKind::Files => {
                ignore_nodes(settings);
                ignore_kubernetes(settings);
                Self::Files(LogFileSettings::read(settings))
            }
            SourceKind::Nodes => {
                let variables = [DIRECTORY, ROOTS, "GATEWAY_MAX_SCANS"];
                warn_of_no_effect(settings, &variables, "while GATEWAY_SOURCE is nodes");
                ignore_kubernetes(settings);
                Self::Nodes(NodesSettings::read(settings))
            }
            SourceKind::Kubernetes => {
                let variables = [DIRECTORY, ROOTS];
                warn_of_no_effect(settings, &variables, "while GATEWAY_SOURCE is kubernetes");
                ignore_nodes(settings);
                Self::Kubernetes(KubernetesSettings::read(settings))
            }
        }
    }
}

impl LogFileSettings {
    fn read(settings: &mut Settings) -> Self {
        let directory = settings.text(DIRECTORY);
        Self {
            directory: directory.map_or_else(|| PathBuf::from("/var/log/pods"), PathBuf::from),
            roots: settings.get(ROOTS, |text| list(text, absolute_path)).unwrap_or_default(),
        }
    }
}

fn ignore_nodes(settings: &mut Settings) {
    warn_of_no_effect(settings, &nodes::VARIABLES, "while GATEWAY_SOURCE is not nodes");
}

fn ignore_kubernetes(settings: &mut Settings) {
    warn_of_no_effect(settings, &kubernetes::VARIABLES, "while GATEWAY_SOURCE is not kubernetes");
}

/// Takes settings that are for another source.
fn warn_of_no_effect(settings: &mut Settings, variables: &[&str], condition: &str) {
    for name in variables {
        if settings.take(name) {
            settings.warn(name, format_args!("has no effect {condition}"));
        }
    }
}

fn absolute_path(text: &str) -> Result<PathBuf, &'static str> {
    let path = PathBuf::from(text);
    if path.is_absolute() { Ok(path) } else { Err("must be an absolute path") }
}

fn source_kind(text: &str) -> Result<SourceKind, &'static str> {
    match text {
        "files" => Ok(SourceKind::Files),
        "nodes" => Ok(SourceKind::Nodes),
        "kubernetes" => Ok(SourceKind::Kubernetes),
        _ => Err("must be files, nodes or kubernetes"),
    }
}
