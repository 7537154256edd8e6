//! The variables of an environment that begin with one prefix.

use std::collections::BTreeMap;

use serde::Deserialize;

/// The process's environment, as [`Settings::read`](super::Settings::read) takes it.
pub fn process_environment() -> impl Iterator<Item = (String, String)> {
    std::env::vars_os().map(|(name, value)| {
        (name.to_string_lossy().into_owned(), value.to_string_lossy().into_owned())
    })
}

/// The variables that begin with `prefix`, by their names in the environment.
///
/// envy reads them, and spells names in lower case without the prefix, as fields of a struct. So
/// each value takes its name along, as in the environment itself: `NAME=VALUE`.
pub(super) fn prefixed(
    prefix: &str,
    variables: impl IntoIterator<Item = (String, String)>,
) -> envy::Result<BTreeMap<String, String>> {
    let entries = variables.into_iter().map(|(name, value)| {
        let entry = format!("{name}={value}");
        (name, entry)
    });
    let fields: BTreeMap<String, Entry> = envy::prefixed(prefix).from_iter(entries)?;
    Ok(fields.into_values().map(|entry| (entry.name, entry.value)).collect())
}

/// One variable of an environment.
#[derive(Deserialize)]
#[serde(from = "String")]
struct Entry {
    name: String,
    value: String,
}

impl From<String> for Entry {
    fn from(entry: String) -> Self {
        let (name, value) = entry.split_once('=').unwrap_or((&entry, ""));
        Self { name: name.to_owned(), value: value.to_owned() }
    }
}

/// Whether Kubernetes sets such a variable in a pod for each service of its namespace (kubelet's
/// `envvars.FromServices`): a service called `sso` would look like misspelt settings of ours.
pub(super) fn is_injected_by_kubernetes(name: &str) -> bool {
    let is_port_of_protocol = || {
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
        || is_port_of_protocol()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_values_are_as_in_the_environment() {
        let variables = [("SSO_A", "a=b"), ("SSO_b", ""), ("SSO_SSO_C", "c"), ("SSOX", "x")];
        let variables = variables.map(|(name, value)| (name.to_owned(), value.to_owned()));
        let read = prefixed("SSO_", variables).unwrap();
        let read: Vec<_> = read.iter().map(|(name, value)| (&**name, &**value)).collect();
        assert_eq!(read, [("SSO_A", "a=b"), ("SSO_SSO_C", "c"), ("SSO_b", "")]);
    }

    #[test]
    fn names_that_kubernetes_injects_are_known() {
        for name in [
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
        ] {
            assert!(is_injected_by_kubernetes(name), "{name}");
        }
        for name in ["SSO_PORTS", "SSO_PORT_X_TCP", "SSO_HOST"] {
            assert!(!is_injected_by_kubernetes(name), "{name}");
        }
    }
}
