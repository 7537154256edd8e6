//! The gateway's configuration: variables under `GATEWAY_`, read once, before anything starts.

use std::{
    net::{Ipv4Addr, SocketAddr},
    num::NonZero,
    path::PathBuf,
    thread::available_parallelism,
    time::Duration,
};

use service_runtime::{
    http::TrustedProxies,
    settings::{self, Faults, Settings, Warnings},
    telemetry::TelemetrySettings,
    tls::{Pair, PairFiles, Trust},
};
use tracing::level_filters::LevelFilter;
use url::Url;

use crate::auth::VigilTimes;

/// Everything that can be set.
#[derive(Debug)]
pub(crate) struct Config {
    pub(crate) listen: SocketAddr,
    pub(crate) ops_listen: SocketAddr,
    /// The certificate for `listen`; plain HTTP without one.
    pub(crate) tls: Option<(PairFiles, Pair)>,
    pub(crate) logs_dir: PathBuf,
    /// Where links of the log directory may lead besides it.
    pub(crate) logs_roots: Vec<PathBuf>,
    /// One at least.
    pub(crate) sso_urls: Vec<Url>,
    /// Who vouches for an authority that is asked over https.
    pub(crate) sso_trust: Trust,
    pub(crate) sso_timeout: Duration,
    /// Where callers find the gateway; `listen` if nobody says.
    pub(crate) public_url: Option<Url>,
    /// Where callers find the authority.
    pub(crate) public_sso_url: Url,
    pub(crate) vigil_times: VigilTimes,
    pub(crate) max_streams_per_user: usize,
    /// How many compressed files are read at once.
    pub(crate) max_scans: usize,
    pub(crate) trusted_proxies: TrustedProxies,
    /// `None`: as many as there are cores.
    pub(crate) workers: Option<usize>,
    pub(crate) telemetry: TelemetrySettings,
    /// What is seldom meant to be so.
    pub(crate) warnings: Warnings,
    /// Variables that are set and have no effect in this version.
    pub(crate) without_effect: Vec<&'static str>,
}

const TRUSTED_PROXIES: &str = "GATEWAY_TRUSTED_PROXIES";

/// Of the contract, and harmless to ignore until what they are for exists.
const WITHOUT_EFFECT_YET: [&str; 2] = ["GATEWAY_MAX_PODS_PER_STREAM", "GATEWAY_PEERS"];

/// Of the contract, and refused until they have an effect: an operator who sets one relies on it.
const NOT_SUPPORTED_YET: [&str; 4] =
    ["GATEWAY_AUDIT_FILE", "GATEWAY_KUBECONFIG", "GATEWAY_KUBE_IMPERSONATE", "GATEWAY_KUBE_PREFIX"];

impl Config {
    /// Reads the configuration out of an environment.
    ///
    /// # Errors
    /// All that is wrong with it, a line for each fault.
    pub(crate) fn read(
        variables: impl IntoIterator<Item = (String, String)>,
    ) -> Result<Self, Faults> {
        let mut set = Settings::read("GATEWAY_", variables);
        let local = |port| SocketAddr::from((Ipv4Addr::LOCALHOST, port));
        let sso_urls = set
            .get_or_file("GATEWAY_SSO_URL", |text| settings::list(text, settings::http_url))
            .unwrap_or_else(default_sso_urls);
        let tls = PairFiles::configured(&mut set, "GATEWAY_TLS_CERT", "GATEWAY_TLS_KEY");
        let public_sso_url = set.get_or_file("GATEWAY_PUBLIC_SSO_URL", settings::http_url);
        let trusted_proxies = set.get(TRUSTED_PROXIES, settings::networks).unwrap_or_default();
        set.warn_of_trusting_everyone(TRUSTED_PROXIES, &trusted_proxies);
        let mut config = Self {
            listen: set.get("GATEWAY_LISTEN", settings::socket_address).unwrap_or(local(8000)),
            ops_listen: set
                .get("GATEWAY_OPS_LISTEN", settings::socket_address)
                .unwrap_or(local(9000)),
            logs_dir: set
                .text("GATEWAY_LOGS_DIR")
                .map_or_else(|| PathBuf::from("/var/log/pods"), PathBuf::from),
            logs_roots: set
                .get("GATEWAY_LOGS_ROOTS", |text| settings::list(text, absolute_path))
                .unwrap_or_default(),
            sso_trust: sso_trust(&mut set, &sso_urls),
            public_url: set.get_or_file("GATEWAY_PUBLIC_URL", settings::http_url),
            public_sso_url: public_sso_url.unwrap_or_else(|| sso_urls[0].clone()),
            sso_urls,
            sso_timeout: set
                .get("GATEWAY_SSO_TIMEOUT", settings::duration)
                .unwrap_or(Duration::from_secs(2)),
            tls,
            vigil_times: VigilTimes {
                revalidate: set
                    .get("GATEWAY_REVALIDATE", settings::duration)
                    .unwrap_or(Duration::from_secs(5)),
                stale_max: set
                    .get("GATEWAY_STALE_MAX", settings::duration)
                    .unwrap_or(Duration::from_secs(60)),
            },
            max_streams_per_user: set
                .get("GATEWAY_MAX_STREAMS_PER_USER", settings::positive)
                .unwrap_or(50),
            max_scans: set
                .get("GATEWAY_MAX_SCANS", settings::positive)
                .unwrap_or_else(|| 2 * available_parallelism().map_or(1, NonZero::get)),
            trusted_proxies: TrustedProxies::new(trusted_proxies),
            workers: set.get("GATEWAY_WORKERS", settings::threads),
            telemetry: TelemetrySettings {
                format: set.get("GATEWAY_LOG_FORMAT", settings::log_format),
                level: set
                    .get("GATEWAY_LOG_LEVEL", settings::log_level)
                    .unwrap_or(LevelFilter::INFO),
            },
            warnings: Warnings::default(),
            without_effect: WITHOUT_EFFECT_YET
                .into_iter()
                .filter(|name| set.is_set(name))
                .collect(),
        };
        set.get("GATEWAY_SOURCE", files_source);
        for name in NOT_SUPPORTED_YET {
            if set.is_set(name) {
                set.fault(name, "is not supported by this version");
            }
        }
        if config.public_url.is_none() {
            let consequence = "kubeconfigs that it gives out lead there";
            set.warn_of_no_public_url("GATEWAY_PUBLIC_URL", config.listen, consequence);
        }
        config.warnings = set.take_warnings();
        set.finish().map(|()| config)
    }
}

fn default_sso_urls() -> Vec<Url> {
    Url::parse("http://127.0.0.1:8001").into_iter().collect()
}

/// The system's certificate authorities are read only if they are needed.
fn sso_trust(set: &mut Settings, urls: &[Url]) -> Trust {
    const CA: &str = "GATEWAY_SSO_CA";
    if set.has(CA) || urls.iter().any(|url| url.scheme() == "https") {
        return Trust::configured(set, CA).unwrap_or_else(Trust::nobody);
    }
    Trust::nobody()
}

fn absolute_path(text: &str) -> Result<PathBuf, &'static str> {
    let path = PathBuf::from(text);
    if path.is_absolute() { Ok(path) } else { Err("is no absolute path") }
}

fn files_source(text: &str) -> Result<(), &'static str> {
    match text {
        "files" => Ok(()),
        "kubernetes" => Err("the source kubernetes is not supported by this version"),
        _ => Err("is neither files nor kubernetes"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(variables: &[(&str, &str)]) -> Result<Config, String> {
        let owned = variables.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        Config::read(owned.collect::<Vec<_>>()).map_err(|faults| faults.to_string())
    }

    #[test]
    fn nothing_has_to_be_set() {
        let config = read(&[]).unwrap();
        assert_eq!(config.listen.to_string(), "127.0.0.1:8000");
        assert_eq!(config.ops_listen.to_string(), "127.0.0.1:9000");
        assert_eq!(config.sso_urls[0].as_str(), "http://127.0.0.1:8001/");
        assert_eq!(config.sso_timeout, Duration::from_secs(2));
        assert_eq!(
            (config.public_url, config.public_sso_url.as_str()),
            (None, "http://127.0.0.1:8001/")
        );
    }

    #[test]
    fn callers_may_find_the_services_elsewhere_than_the_gateway_does() {
        let sso = ("GATEWAY_SSO_URL", "http://a:1,http://b:2");
        assert_eq!(read(&[sso]).unwrap().public_sso_url.as_str(), "http://a:1/");
        let public = ("GATEWAY_PUBLIC_SSO_URL", "https://sso.example");
        assert_eq!(read(&[sso, public]).unwrap().public_sso_url.as_str(), "https://sso.example/");
        let gateway = read(&[("GATEWAY_PUBLIC_URL", "https://gw.example/k")]).unwrap();
        assert_eq!(gateway.public_url.unwrap().as_str(), "https://gw.example/k");
    }

    #[test]
    fn what_is_seldom_meant_is_a_warning() {
        let open = ("GATEWAY_LISTEN", "0.0.0.0:0");
        let public = ("GATEWAY_PUBLIC_URL", "https://x.example");
        let proxies = |networks| ("GATEWAY_TRUSTED_PROXIES", networks);
        for (variables, warning) in [
            (&[open][..], "warning: GATEWAY_PUBLIC_URL: is not set"),
            (&[open, public], ""),
            (&[("GATEWAY_LISTEN", "[::1]:0")], ""),
            (&[proxies("0.0.0.0/0")], "warning: GATEWAY_TRUSTED_PROXIES: trusts everybody"),
            (&[proxies("10.0.0.0/8,::/0")], "warning: GATEWAY_TRUSTED_PROXIES: trusts everybody"),
            (&[proxies("10.0.0.0/8")], ""),
        ] {
            let warnings = read(variables).unwrap().warnings.to_string();
            assert_eq!(warnings.lines().count(), usize::from(!warning.is_empty()), "{warnings}");
            assert!(warnings.starts_with(warning), "{warnings}");
        }
    }

    #[test]
    fn several_authorities_may_be_named() {
        let config = read(&[("GATEWAY_SSO_URL", "http://a:1, http://b:2")]).unwrap();
        assert_eq!(config.sso_urls.len(), 2);
    }

    #[test]
    fn what_would_be_dangerous_to_ignore_is_refused() {
        for (name, value) in [
            ("GATEWAY_SOURCE", "kubernetes"),
            ("GATEWAY_LOGS_ROOTS", "relative"),
            ("GATEWAY_SSO_TIMEOUT", "2"),
            ("GATEWAY_SSO_TIMEOUT", "300years"),
            ("GATEWAY_MAX_SCANS", "18446744073709551615"),
            ("GATEWAY_WORKERS", "1025"),
            ("GATEWAY_AUDIT_FILE", "/var/log/audit"),
            ("GATEWAY_PUBLIC_URL", "gw.example"),
            ("GATEWAY_PUBLIC_SSO_URL", "https://a:b@sso.example"),
            ("GATEWAY_TYPO", "1"),
        ] {
            let faults = read(&[(name, value)]).unwrap_err();
            assert!(faults.starts_with(name), "{faults}");
        }
    }

    #[test]
    fn what_is_harmless_is_told_of() {
        let config = read(&[("GATEWAY_PEERS", "a")]).unwrap();
        assert_eq!(config.without_effect, ["GATEWAY_PEERS"]);
    }
}
