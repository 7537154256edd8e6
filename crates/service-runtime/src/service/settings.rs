//! The settings that every service has: its listeners, their limits, and its log.

use std::{
    net::{Ipv4Addr, SocketAddr},
    num::NonZero,
    thread::available_parallelism,
};

use ipnet::IpNet;
use tracing::level_filters::LevelFilter;

use crate::{
    network::TrustedProxies,
    settings::{Settings, log_format, log_level, networks, socket_address, threads},
    telemetry::TelemetrySettings,
    tls::{Pair, PairFiles, TrustedClients},
};

/// The settings that every service has, under a prefix of its own.
#[derive(Debug)]
pub struct RuntimeSettings {
    /// `…LISTEN`: the public address.
    pub listen: ListenAddress,
    /// `…OPS_LISTEN`: the address for probes and scrapers.
    pub ops_listen: ListenAddress,
    /// `…TLS_CERT` and `…TLS_KEY`: the certificate of the public address. `None`: plain HTTP.
    pub tls: Option<(PairFiles, Pair)>,
    /// The clients that are trusted to speak for users, for a service that has such.
    pub trusted_clients: Option<TrustedClients>,
    /// `…TRUSTED_PROXIES`: the proxies whose `X-Forwarded-For` counts.
    pub trusted_proxies: TrustedProxies,
    /// `…WORKERS`: the threads that answer requests; by default as many as there are cores.
    pub workers: usize,
    /// `…LOG_FORMAT` and `…LOG_LEVEL`.
    pub telemetry: TelemetrySettings,
}

/// An address to listen on, and the variable that sets it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListenAddress {
    /// The variable's name.
    pub variable: String,
    /// Port 0: a free port, chosen by the system.
    pub address: SocketAddr,
}

/// The ports on which a service listens by default, on loopback.
#[derive(Debug, Clone, Copy)]
pub struct DefaultPorts {
    /// Of the public address.
    pub public: u16,
    /// Of the operations listener.
    pub operations: u16,
}

impl RuntimeSettings {
    /// Takes them from `settings`, which keeps faults and warnings.
    pub fn read(settings: &mut Settings, ports: DefaultPorts) -> Self {
        let [certificate, key] = ["TLS_CERT", "TLS_KEY"].map(|rest| settings.name_of(rest));
        Self {
            listen: ListenAddress::read(settings, "LISTEN", ports.public),
            ops_listen: ListenAddress::read(settings, "OPS_LISTEN", ports.operations),
            tls: PairFiles::configured(settings, &certificate, &key),
            trusted_clients: None,
            trusted_proxies: trusted_proxies(settings),
            workers: settings.get(&settings.name_of("WORKERS"), threads).unwrap_or_else(cores),
            telemetry: TelemetrySettings {
                format: settings.get(&settings.name_of("LOG_FORMAT"), log_format),
                level: settings
                    .get(&settings.name_of("LOG_LEVEL"), log_level)
                    .unwrap_or(LevelFilter::INFO),
            },
        }
    }

    /// Warns of a service without a public URL that other machines can reach: its listener counts
    /// as its address then. `consequence` says what does not work.
    pub fn warn_of_no_public_url(&self, settings: &mut Settings, consequence: &str) {
        let listener = self.listen.address;
        if !listener.ip().is_loopback() {
            settings.warn(
                &settings.name_of("PUBLIC_URL"),
                format_args!(
                    "is not set, so the listener, {listener}, counts as the address of the \
                     service: {consequence}; set it to the URL that people open"
                ),
            );
        }
    }
}

impl ListenAddress {
    fn read(settings: &mut Settings, rest: &str, default_port: u16) -> Self {
        let variable = settings.name_of(rest);
        let default = SocketAddr::from((Ipv4Addr::LOCALHOST, default_port));
        let address = settings.get(&variable, socket_address).unwrap_or(default);
        Self { variable, address }
    }
}

fn trusted_proxies(settings: &mut Settings) -> TrustedProxies {
    let name = settings.name_of("TRUSTED_PROXIES");
    let trusted: Vec<IpNet> = settings.get(&name, networks).unwrap_or_default();
    if trusted.iter().any(|network| network.prefix_len() == 0) {
        settings.warn(
            &name,
            "trusts every address: any client can pretend to be at any address in X-Forwarded-For, \
             and so evade every limit; list your proxies' networks alone",
        );
    }
    TrustedProxies::new(trusted)
}

fn cores() -> usize {
    available_parallelism().map_or(1, NonZero::get)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::settings::Faults;

    fn read(variables: &[(&str, &str)]) -> Result<(RuntimeSettings, String), Faults> {
        let owned = variables.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        let mut settings = Settings::read("X_", owned.collect::<Vec<_>>());
        let ports = DefaultPorts { public: 1, operations: 2 };
        let service = RuntimeSettings::read(&mut settings, ports);
        service.warn_of_no_public_url(&mut settings, "links are wrong");
        settings.finish().map(|warnings| (service, warnings.to_string()))
    }

    #[test]
    fn everything_has_a_default() {
        let (service, warnings) = read(&[]).unwrap();
        assert_eq!(service.listen.address.to_string(), "127.0.0.1:1");
        assert_eq!(service.ops_listen.address.to_string(), "127.0.0.1:2");
        assert!(service.workers > 0 && service.tls.is_none());
        assert_eq!((service.telemetry.format, service.telemetry.level), (None, LevelFilter::INFO));
        assert_eq!(warnings, "");
    }

    #[test]
    fn a_fault_names_the_variable_in_full() {
        for (name, value) in [
            ("X_LISTEN", "localhost"),
            ("X_OPS_LISTEN", "1"),
            ("X_WORKERS", "1025"),
            ("X_TRUSTED_PROXIES", "everyone"),
            ("X_LOG_FORMAT", "xml"),
            ("X_LOG_LEVEL", "loud"),
        ] {
            let faults = read(&[(name, value)]).unwrap_err().to_string();
            assert!(faults.starts_with(&format!("{name}: ")), "{faults}");
        }
    }

    #[test]
    fn risky_listener_settings_are_warned_of() {
        for (name, value, warning) in [
            ("X_LISTEN", "0.0.0.0:0", "warning: X_PUBLIC_URL: is not set"),
            ("X_LISTEN", "[::1]:0", ""),
            ("X_TRUSTED_PROXIES", "0.0.0.0/0", "warning: X_TRUSTED_PROXIES: trusts every address"),
            ("X_TRUSTED_PROXIES", "10.0.0.0/8,::/0", "warning: X_TRUSTED_PROXIES: trusts"),
            ("X_TRUSTED_PROXIES", "10.0.0.0/8", ""),
        ] {
            let (_, warnings) = read(&[(name, value)]).unwrap();
            assert_eq!(warnings.lines().count(), usize::from(!warning.is_empty()), "{warnings}");
            assert!(warnings.starts_with(warning), "{warnings}");
        }
    }
}
