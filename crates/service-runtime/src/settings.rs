//! Configuration from the environment: every fault found at once, each naming its variable.

mod one_line;
mod parse;
mod warnings;

use std::{
    collections::BTreeMap,
    fmt::{self, Display},
    net::SocketAddr,
};

use ipnet::IpNet;

pub(crate) use one_line::one_line;
pub use parse::{
    duration, http_url, list, log_format, log_level, networks, positive, socket_address, threads,
};
pub use warnings::Warnings;

/// The variables under one prefix.
///
/// A service takes the ones it knows by name; [`Settings::finish`] then tells of those that were
/// wrong and of those that nobody took.
#[derive(Debug)]
pub struct Settings {
    prefix: &'static str,
    /// By full name. What has been taken is gone.
    values: BTreeMap<String, String>,
    faults: Vec<Fault>,
    warnings: Warnings,
}

impl Settings {
    /// Picks the variables that begin with `prefix` (`"SSO_"`). Empty values count as unset, as
    /// compose files write them; names that Kubernetes injects for services are left out.
    pub fn read(
        prefix: &'static str,
        variables: impl IntoIterator<Item = (String, String)>,
    ) -> Self {
        let (values, faults) = match envy::prefixed(prefix).from_iter(variables) {
            Ok(values) => (values, Vec::new()),
            Err(error) => (BTreeMap::new(), vec![Fault::new(prefix, error)]),
        };
        let values = BTreeMap::<String, String>::into_iter(values)
            .map(|(name, value)| (format!("{prefix}{}", name.to_uppercase()), value))
            .filter(|(name, value)| !value.is_empty() && !is_injected_by_kubernetes(name))
            .collect();
        Self { prefix, values, faults, warnings: Warnings::default() }
    }

    /// The variable's value, parsed. `None` when it is unset, and when it is wrong: the fault is
    /// kept for [`Settings::finish`], so the caller may go on with a default.
    pub fn get<T, E: Display>(
        &mut self,
        name: &'static str,
        parse: impl FnOnce(&str) -> Result<T, E>,
    ) -> Option<T> {
        debug_assert!(name.starts_with(self.prefix), "{name} is read under another prefix");
        let value = self.values.remove(name)?;
        parse(&value).map_err(|fault| self.fault(name, fault)).ok()
    }

    /// Like [`Settings::get`], for secrets and URLs: the value may stand in a file that the twin
    /// variable `…_FILE` names. One line end after it is not part of it; another one, and a byte
    /// order mark, are faults.
    pub fn get_or_file<T, E: Display>(
        &mut self,
        name: &'static str,
        parse: impl FnOnce(&str) -> Result<T, E>,
    ) -> Option<T> {
        let twin = format!("{name}_FILE");
        let parse = |value: &str| match one_line(value) {
            Ok(value) => parse(value).map_err(|fault| fault.to_string()),
            Err(fault) => Err(fault.to_owned()),
        };
        let Some(path) = self.values.remove(&twin) else {
            return self.get(name, parse);
        };
        if self.values.remove(name).is_some() {
            self.fault(name, format_args!("is set, and {twin} as well: which one counts?"));
            return None;
        }
        match std::fs::read_to_string(&path) {
            Ok(content) => parse(&content).map_err(|fault| self.fault(&twin, fault)).ok(),
            Err(error) => {
                self.fault(&twin, format_args!("cannot read {path}: {error}"));
                None
            }
        }
    }

    /// Any text.
    pub fn text(&mut self, name: &'static str) -> Option<String> {
        self.get(name, |value| Ok::<_, Fault>(value.to_owned()))
    }

    /// Whether the variable is set, which leaves it to be taken.
    #[must_use]
    pub fn has(&self, name: &str) -> bool {
        self.values.contains_key(name)
    }

    /// Whether the variable is set; its value is not read. For what this version does not do yet.
    pub fn is_set(&mut self, name: &'static str) -> bool {
        self.values.remove(name).is_some()
    }

    /// Records a fault that only shows when several values are seen together.
    pub fn fault(&mut self, name: &str, fault: impl Display) {
        self.faults.push(Fault::new(name, fault));
    }

    /// Records what is allowed, and seldom meant.
    pub fn warn(&mut self, name: &'static str, warning: impl Display) {
        self.warnings.add(name, warning);
    }

    /// Warns of a list of trusted proxies that has everybody in it.
    pub fn warn_of_trusting_everyone(&mut self, name: &'static str, networks: &[IpNet]) {
        if networks.iter().any(|network| network.prefix_len() == 0) {
            self.warn(
                name,
                "trusts everybody: any client can pretend to be at any address in \
                 X-Forwarded-For, and so evade every limit; list your proxies' networks alone",
            );
        }
    }

    /// Warns of a service that is open to other machines and knows no address but its listener's,
    /// and says what comes of it.
    pub fn warn_of_no_public_url(
        &mut self,
        name: &'static str,
        listener: SocketAddr,
        consequence: &str,
    ) {
        if !listener.ip().is_loopback() {
            self.warn(
                name,
                format_args!(
                    "is not set, so the listener, {listener}, counts as the address of the \
                     service: {consequence}; set it to the URL that people open"
                ),
            );
        }
    }

    /// Takes what was recorded so far.
    pub fn take_warnings(&mut self) -> Warnings {
        std::mem::take(&mut self.warnings)
    }

    /// Ends the reading.
    ///
    /// # Errors
    /// When a value was wrong, or a variable under the prefix is not known.
    pub fn finish(mut self) -> Result<(), Faults> {
        for name in self.values.keys() {
            self.faults.push(Fault::new(name, "is not a variable of this service"));
        }
        if self.faults.is_empty() { Ok(()) } else { Err(Faults(self.faults)) }
    }
}

/// The process's environment: what [`Settings::read`] wants, outside tests.
pub fn process_environment() -> impl Iterator<Item = (String, String)> {
    std::env::vars_os().map(|(name, value)| {
        (name.to_string_lossy().into_owned(), value.to_string_lossy().into_owned())
    })
}

/// Everything that is wrong with the configuration, a line each.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Faults(Vec<Fault>);

impl Display for Faults {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let lines: Vec<String> = self.0.iter().map(ToString::to_string).collect();
        f.write_str(&lines.join("\n"))
    }
}

impl std::error::Error for Faults {}

/// What is wrong with one variable. Never holds its value: it might be a secret.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{name}: {fault}")]
struct Fault {
    name: String,
    fault: String,
}

impl Fault {
    fn new(name: &str, fault: impl Display) -> Self {
        Self { name: name.to_owned(), fault: fault.to_string() }
    }
}

/// The variables a pod gets for each service of its namespace (kubelet's `envvars.FromServices`):
/// a service called `sso` would otherwise look like misspelt settings of ours.
fn is_injected_by_kubernetes(name: &str) -> bool {
    let port_of_protocol = || {
        name.match_indices("_PORT_").any(|(at, port)| {
            let mut rest = name[at + port.len()..].split('_');
            let number = rest.next().unwrap_or_default();
            let protocol = rest.next().unwrap_or_default();
            number.parse::<u16>().is_ok() && matches!(protocol, "TCP" | "UDP" | "SCTP")
        })
    };
    name.ends_with("_SERVICE_HOST")
        || name.ends_with("_PORT")
        || name.contains("_SERVICE_PORT_")
        || port_of_protocol()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings(variables: &[(&str, &str)]) -> Settings {
        let owned = variables.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        Settings::read("SSO_", owned.collect::<Vec<_>>())
    }

    #[test]
    fn every_fault_is_a_line_with_its_variable() {
        let mut settings =
            settings(&[("SSO_LISTEN", "nowhere"), ("SSO_TTL", "soon"), ("SSO_TYPO", "1")]);
        assert_eq!(settings.get("SSO_LISTEN", socket_address), None);
        assert_eq!(settings.get("SSO_TTL", duration), None);
        let faults = settings.finish().unwrap_err().to_string();
        let names: Vec<_> = faults.lines().map(|line| line.split(':').next().unwrap()).collect();
        assert_eq!(names, ["SSO_LISTEN", "SSO_TTL", "SSO_TYPO"]);
    }

    #[test]
    fn other_prefixes_and_empty_values_do_not_count() {
        let mut settings = settings(&[("GATEWAY_LISTEN", "x"), ("SSO_LISTEN", ""), ("PATH", "/")]);
        assert_eq!(settings.get("SSO_LISTEN", socket_address), None);
        settings.finish().unwrap();
    }

    #[test]
    fn names_that_kubernetes_injects_are_ignored() {
        let injected = [
            "SSO_SERVICE_HOST",
            "SSO_SERVICE_PORT",
            "SSO_SERVICE_PORT_HTTP",
            "SSO_PORT",
            "SSO_PORT_8001_TCP",
            "SSO_PORT_8001_TCP_ADDR",
            "SSO_PORT_8001_TCP_PORT",
            "SSO_PORT_8001_TCP_PROTO",
            "SSO_SERVICE_SERVICE_HOST",
            "SSO_SERVICE_PORT_8001_TCP_ADDR",
        ];
        for name in injected {
            settings(&[(name, "tcp://10.0.0.1:8001")]).finish().unwrap();
        }
        for name in ["SSO_PORTS", "SSO_PORT_X_TCP", "SSO_HOST"] {
            settings(&[(name, "1")]).finish().unwrap_err();
        }
    }

    #[test]
    fn a_secret_may_stand_in_a_file() {
        let file = std::env::temp_dir().join(format!("settings-{}", std::process::id()));
        std::fs::write(&file, "two words\n").unwrap();
        let path = file.to_str().unwrap();

        let text = |value: &str| Ok::<_, Fault>(value.to_owned());
        let mut one = settings(&[("SSO_PASSWORD_FILE", path)]);
        assert_eq!(one.get_or_file("SSO_PASSWORD", text).as_deref(), Some("two words"));
        one.finish().unwrap();

        let mut both = settings(&[("SSO_PASSWORD_FILE", path), ("SSO_PASSWORD", "x")]);
        assert_eq!(both.get_or_file("SSO_PASSWORD", text), None);
        both.finish().unwrap_err();

        std::fs::write(&file, "two words\n\n").unwrap();
        let mut lines = settings(&[("SSO_PASSWORD_FILE", path)]);
        assert_eq!(lines.get_or_file("SSO_PASSWORD", text), None);
        let fault = lines.finish().unwrap_err().to_string();
        assert!(fault.starts_with("SSO_PASSWORD_FILE: has more than one line;"), "{fault}");
        let mut lines = settings(&[("SSO_PASSWORD", "one\ntwo")]);
        assert_eq!(lines.get_or_file("SSO_PASSWORD", text), None);
        lines.finish().unwrap_err();

        std::fs::remove_file(&file).unwrap();
        let mut missing = settings(&[("SSO_PASSWORD_FILE", path)]);
        assert_eq!(missing.get_or_file("SSO_PASSWORD", text), None);
        assert!(missing.finish().unwrap_err().to_string().starts_with("SSO_PASSWORD_FILE: cannot"));
    }

    #[test]
    fn a_fault_never_shows_the_value() {
        let mut settings = settings(&[("SSO_TTL", "hunter2")]);
        settings.get("SSO_TTL", duration);
        assert!(!settings.finish().unwrap_err().to_string().contains("hunter2"));
    }
}
