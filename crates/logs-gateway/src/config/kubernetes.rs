//! Settings of a gateway that asks the API server of its cluster.

use std::path::PathBuf;

use service_runtime::settings::Settings;

const KUBECONFIG: &str = "GATEWAY_KUBECONFIG";

/// The variables of a gateway that asks an API server.
pub(super) const VARIABLES: [&str; 1] = [KUBECONFIG];

/// How the API server is reached.
#[derive(Debug)]
pub(crate) struct KubernetesSettings {
    /// The file that names it, with credentials. `None`: the cluster that the gateway runs in.
    pub(crate) kubeconfig: Option<PathBuf>,
}

impl KubernetesSettings {
    /// Takes them from `settings`, which keeps the faults.
    pub(super) fn read(settings: &mut Settings) -> Self {
        Self { kubeconfig: settings.text(KUBECONFIG).map(PathBuf::from) }
    }
}
