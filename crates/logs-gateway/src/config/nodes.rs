//! Settings of a front: where its nodes are, and how they are reached.

use std::time::Duration;

use service_runtime::{
    settings::{Settings, duration, list},
    tls::{Pair, PairFiles, Trust},
};

use crate::nodes::NodeTarget;

const NODES: &str = "GATEWAY_NODES";
const CERTIFICATE: &str = "GATEWAY_NODES_CERT";
const KEY: &str = "GATEWAY_NODES_KEY";
const AUTHORITIES: &str = "GATEWAY_NODES_CA";
const TIMEOUT: &str = "GATEWAY_NODES_TIMEOUT";

/// The variables of a front.
pub(super) const VARIABLES: [&str; 6] =
    [NODES, "GATEWAY_NODES_FILE", CERTIFICATE, KEY, AUTHORITIES, TIMEOUT];

/// Where the nodes are, and how they are reached.
#[derive(Debug)]
pub(crate) struct NodesSettings {
    /// Where nodes are found, one at least.
    pub(crate) targets: Vec<NodeTarget>,
    /// Shown to nodes that are reached over https.
    pub(crate) certificate: Option<(PairFiles, Pair)>,
    /// The certificate authorities of nodes.
    pub(crate) trust: Trust,
    /// How long a connection to a node may take to be made.
    pub(crate) timeout: Duration,
}

impl NodesSettings {
    /// Takes them from `settings`, which keeps the faults.
    pub(super) fn read(settings: &mut Settings) -> Self {
        let is_missing = !VARIABLES[..2].iter().any(|name| settings.has(name));
        if is_missing {
            settings.fault(NODES, "must be set while GATEWAY_SOURCE is nodes");
        }
        let targets = settings.get_or_file(NODES, |text| list(text, NodeTarget::parse));
        let targets = targets.unwrap_or_default();
        let is_over_tls = targets.iter().any(NodeTarget::is_https);
        let has_certificate = settings.has(CERTIFICATE) || settings.has(KEY);
        if is_over_tls && !has_certificate {
            settings.fault(CERTIFICATE, "must be set: nodes recognise a front by its certificate");
        }
        if targets.iter().any(|target| !target.is_https()) {
            settings.warn(NODES, "names a node over plain HTTP, which believes no front");
        }
        Self {
            certificate: PairFiles::configured(settings, CERTIFICATE, KEY),
            trust: match is_over_tls || settings.has(AUTHORITIES) {
                true => Trust::configured(settings, AUTHORITIES).unwrap_or_else(Trust::none),
                false => Trust::none(),
            },
            timeout: settings.get(TIMEOUT, duration).unwrap_or(Duration::from_secs(2)),
            targets,
        }
    }
}
