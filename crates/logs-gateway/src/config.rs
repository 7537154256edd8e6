//! Configuration from the environment: the only place that reads it.

mod authority;
#[cfg(test)]
mod config_tests;
mod front;
mod kubernetes;
mod nodes;
mod reading;
mod source;

use std::path::PathBuf;

use service_runtime::{
    service::{DefaultPorts, RuntimeSettings},
    settings::{Faults, Settings, Warnings, http_url},
};
use url::Url;

pub(crate) use self::{
    authority::AuthoritySettings,
    kubernetes::KubernetesSettings,
    nodes::NodesSettings,
    reading::ReadingSettings,
    source::{LogFileSettings, SourceSettings},
};

const PORTS: DefaultPorts = DefaultPorts { public: 8000, operations: 9000 };

/// The variable that names the file for the audit of reading.
pub(crate) const AUDIT_FILE: &str = "GATEWAY_AUDIT_FILE";

/// All settings of the gateway.
#[derive(Debug)]
pub(crate) struct Config {
    /// The settings that every service has.
    pub(crate) runtime: RuntimeSettings,
    /// How the gateway asks the authority.
    pub(crate) authority: AuthoritySettings,
    /// Where logs come from.
    pub(crate) source: SourceSettings,
    /// How much is read at once.
    pub(crate) reading: ReadingSettings,
    /// Where callers find the gateway. `None`: the listener.
    pub(crate) public_url: Option<Url>,
    /// Where callers find the authority.
    pub(crate) public_sso_url: Url,
    /// The name of the node, if it has one.
    pub(crate) node_name: Option<String>,
    /// The file for the audit of reading. `None`: standard error.
    pub(crate) audit_file: Option<PathBuf>,
    /// Settings that are allowed and seldom intended.
    pub(crate) warnings: Warnings,
}

impl Config {
    /// Reads the configuration from environment variables.
    ///
    /// # Errors
    /// All faults at once: values that are wrong, and variables under `GATEWAY_` that are unknown.
    pub(crate) fn read(
        variables: impl IntoIterator<Item = (String, String)>,
    ) -> Result<Self, Faults> {
        let mut settings = Settings::read("GATEWAY_", variables);
        let mut runtime = RuntimeSettings::read(&mut settings, PORTS);
        runtime.trusted_clients = front::trusted_fronts(&mut settings, &runtime);
        let public_url = settings.get_or_file("GATEWAY_PUBLIC_URL", http_url);
        if public_url.is_none() {
            let consequence = "issued kubeconfigs point there";
            runtime.warn_of_no_public_url(&mut settings, consequence);
        }
        let authority = AuthoritySettings::read(&mut settings);
        let public_sso_url = settings.get_or_file("GATEWAY_PUBLIC_SSO_URL", http_url);
        Ok(Self {
            runtime,
            public_url,
            public_sso_url: public_sso_url.unwrap_or_else(|| authority.urls[0].clone()),
            authority,
            source: SourceSettings::read(&mut settings),
            reading: ReadingSettings::read(&mut settings),
            node_name: front::node_name(&mut settings),
            audit_file: settings.text(AUDIT_FILE).map(PathBuf::from),
            warnings: settings.finish()?,
        })
    }
}
