//! `kubectl sso kubeconfig`: adds a context for a gateway to the kubeconfig.
//!
//! `kubectl config` merges: it knows the files, locks them and keeps their other content.

use std::{
    ffi::OsString,
    io::Write,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use tempfile::NamedTempFile;
use url::{Position, Url};

use super::login::read_ca;
use crate::{
    authority_url::{AuthorityUrl, base_url},
    error::CommandError,
    exec_credential::EXEC_API_VERSION,
    login_store::LoginStore,
};

/// The arguments of the command.
#[derive(Debug)]
pub(crate) struct Kubeconfig {
    pub(crate) gateway: GatewayUrl,
    pub(crate) sso: Option<AuthorityUrl>,
    pub(crate) ca: Option<PathBuf>,
}

/// The URL of a gateway: https, since kubectl sends no token over plain http.
#[derive(Debug, Clone)]
pub(crate) struct GatewayUrl(Url);

impl GatewayUrl {
    /// # Errors
    /// When the text is not a valid URL.
    pub(crate) fn parse(text: &str) -> Result<Self, &'static str> {
        let url = base_url(text)?;
        if url.scheme() == "https" {
            Ok(Self(url))
        } else {
            Err("must begin with https://: kubectl sends no token over plain http")
        }
    }

    /// Names cluster, user and context, as in the kubeconfig that the gateway serves.
    fn name(&self) -> &str {
        &self.0[Position::BeforeHost..Position::AfterPort]
    }

    fn server(&self) -> &str {
        self.0.as_str().trim_end_matches('/')
    }
}

/// Adds or updates cluster, user and context, makes the context the current one, and returns the
/// text to print.
///
/// The cluster trusts the certificate authorities of the file `ca`, else those that were given at
/// the log-in, else those of the system.
pub(crate) fn kubeconfig(state_home: &Path, arguments: Kubeconfig) -> Result<String, CommandError> {
    let Kubeconfig { gateway, sso, ca } = arguments;
    let (store, sso) = LoginStore::locate(state_home, sso)?;
    let pem = match ca {
        Some(file) => Some(read_ca(file)?),
        None => store.read(&sso)?.ca,
    };
    let bundle = pem.map(|pem| temporary_file(&pem)).transpose()?;
    let bundle = bundle.as_ref().map(NamedTempFile::path);
    for command in commands(&gateway, &sso, bundle) {
        run_kubectl_config(&command)?;
    }
    Ok(format!("Switched to context {:?}.\n", gateway.name()))
}

/// The arguments of each `kubectl config` that makes up the context.
fn commands(gateway: &GatewayUrl, sso: &AuthorityUrl, bundle: Option<&Path>) -> [Vec<OsString>; 4] {
    let name = gateway.name();
    let option = |option: &str, value: &str| OsString::from(format!("--{option}={value}"));
    let mut set_cluster = words(["set-cluster", name]);
    set_cluster.push(option("server", gateway.server()));
    if let Some(bundle) = bundle {
        let mut authority = OsString::from("--certificate-authority=");
        authority.push(bundle);
        set_cluster.extend([authority, option("embed-certs", "true")]);
    }
    let mut set_credentials = words(["set-credentials", name]);
    set_credentials.extend([
        option("exec-api-version", EXEC_API_VERSION),
        option("exec-command", env!("CARGO_PKG_NAME")),
        option("exec-interactive-mode", "Never"),
        option("exec-arg", "token"),
        option("exec-arg", "--sso"),
        option("exec-arg", &sso.to_string()),
    ]);
    let mut set_context = words(["set-context", name]);
    set_context.extend([option("cluster", name), option("user", name)]);
    // A kubectl older than `--exec-interactive-mode` fails at the first of them.
    [set_credentials, set_cluster, set_context, words(["use-context", name])]
}

fn words<const N: usize>(words: [&str; N]) -> Vec<OsString> {
    words.map(OsString::from).to_vec()
}

fn run_kubectl_config(arguments: &[OsString]) -> Result<(), CommandError> {
    let mut command = Command::new("kubectl");
    command.arg("config").args(arguments).stdin(Stdio::null());
    let output = command.output().map_err(CommandError::NoKubectl)?;
    if output.status.success() {
        return Ok(());
    }
    let said = String::from_utf8_lossy(&output.stderr);
    Err(CommandError::Kubectl(said.lines().next().unwrap_or_default().to_owned()))
}

/// kubectl reads certificates from a file only.
fn temporary_file(content: &str) -> Result<NamedTempFile, CommandError> {
    let write = || {
        let mut file = NamedTempFile::new()?;
        file.write_all(content.as_bytes())?;
        Ok(file)
    };
    write().map_err(CommandError::TemporaryFile)
}

#[cfg(test)]
mod tests {
    use std::ffi::OsStr;

    use super::*;

    fn spelled(gateway: &str, bundle: Option<&str>) -> Vec<String> {
        let gateway = GatewayUrl::parse(gateway).unwrap();
        let sso = AuthorityUrl::parse("https://sso.example/id").unwrap();
        let commands = commands(&gateway, &sso, bundle.map(Path::new));
        commands.map(|words| words.join(OsStr::new(" ")).into_string().unwrap()).to_vec()
    }

    #[test]
    fn a_context_is_spelled_as_kubectl_reads_it() {
        let mut expected = [
            "set-credentials gw.example:8443 \
             --exec-api-version=client.authentication.k8s.io/v1 --exec-command=kubectl-sso \
             --exec-interactive-mode=Never --exec-arg=token --exec-arg=--sso \
             --exec-arg=https://sso.example/id",
            "set-cluster gw.example:8443 --server=https://gw.example:8443 \
             --certificate-authority=ca.crt --embed-certs=true",
            "set-context gw.example:8443 --cluster=gw.example:8443 --user=gw.example:8443",
            "use-context gw.example:8443",
        ];
        assert_eq!(spelled("https://gw.example:8443/", Some("ca.crt")), expected);
        expected[1] = "set-cluster gw.example:8443 --server=https://gw.example:8443";
        assert_eq!(spelled("https://gw.example:8443/", None), expected);
    }

    #[test]
    fn a_gateway_without_tls_is_refused() {
        for (text, said) in [
            ("http://gw.example", "kubectl sends no token over plain http"),
            ("http://127.0.0.1:8000", "kubectl sends no token over plain http"),
            ("gw.example", "is not a URL"),
            ("https://gw.example?x", "must not contain a query"),
        ] {
            let fault = GatewayUrl::parse(text).unwrap_err();
            assert!(fault.contains(said), "{text}: {fault}");
        }
    }
}
