//! Settings of a gateway that asks the API server of its cluster.

use std::path::PathBuf;

use service_runtime::settings::Settings;
use shared_types::NamePrefix;

const KUBECONFIG: &str = "GATEWAY_KUBECONFIG";
const IMPERSONATE: &str = "GATEWAY_KUBE_IMPERSONATE";
const PREFIX: &str = "GATEWAY_KUBE_PREFIX";

/// The variables of a gateway that asks an API server.
pub(super) const VARIABLES: [&str; 3] = [KUBECONFIG, IMPERSONATE, PREFIX];

/// How the API server is reached, and for whom it is asked.
#[derive(Debug)]
pub(crate) struct KubernetesSettings {
    /// The file that names it, with credentials. `None`: the cluster that the gateway runs in.
    pub(crate) kubeconfig: Option<PathBuf>,
    /// The prefix of callers' names in the cluster, if it is asked for them. `None`: it is asked for
    /// the gateway itself.
    pub(crate) impersonation: Option<NamePrefix>,
}

impl KubernetesSettings {
    /// Takes them from `settings`, which keeps the faults.
    pub(super) fn read(settings: &mut Settings) -> Self {
        let kubeconfig = settings.text(KUBECONFIG).map(PathBuf::from);
        let impersonates = settings.get(IMPERSONATE, boolean).unwrap_or_default();
        let has_prefix = settings.has(PREFIX);
        let prefix: Option<NamePrefix> = settings.get(PREFIX, str::parse);
        if has_prefix && !impersonates {
            settings.warn(PREFIX, "has no effect while GATEWAY_KUBE_IMPERSONATE is false");
        }
        Self { kubeconfig, impersonation: impersonates.then(|| prefix.unwrap_or_default()) }
    }
}

fn boolean(text: &str) -> Result<bool, &'static str> {
    text.parse().map_err(|_| "must be true or false")
}
