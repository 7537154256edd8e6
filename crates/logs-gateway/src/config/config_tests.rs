//! What can be configured, and the faults.

use std::time::Duration;

use super::{Config, SourceSettings};

fn read(variables: &[(&str, &str)]) -> Result<Config, String> {
    let owned = variables.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
    Config::read(owned.collect::<Vec<_>>()).map_err(|faults| faults.to_string())
}

#[test]
fn every_setting_has_a_default() {
    let config = read(&[]).unwrap();
    assert_eq!(config.runtime.listen.address.to_string(), "127.0.0.1:8000");
    assert_eq!(config.runtime.ops_listen.address.to_string(), "127.0.0.1:9000");
    assert_eq!(config.authority.urls[0].as_str(), "http://127.0.0.1:8001/");
    assert_eq!(config.authority.timeout, Duration::from_secs(2));
    assert_eq!(config.audit_file, None);
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
fn risky_settings_are_warned_of() {
    let open = ("GATEWAY_LISTEN", "0.0.0.0:0");
    let public = ("GATEWAY_PUBLIC_URL", "https://x.example");
    let proxies = |networks| ("GATEWAY_TRUSTED_PROXIES", networks);
    for (variables, warning) in [
        (&[open][..], "warning: GATEWAY_PUBLIC_URL: is not set"),
        (&[open, public], ""),
        (&[("GATEWAY_LISTEN", "[::1]:0")], ""),
        (&[proxies("0.0.0.0/0")], "warning: GATEWAY_TRUSTED_PROXIES: trusts every address"),
        (&[proxies("10.0.0.0/8,::/0")], "warning: GATEWAY_TRUSTED_PROXIES: trusts every address"),
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
    assert_eq!(config.authority.urls.len(), 2);
}

#[test]
fn settings_of_another_source_have_no_effect() {
    let nodes = ("GATEWAY_SOURCE", "nodes");
    let node = ("GATEWAY_NODES", "http://127.0.0.2:8000");
    for (variables, warned) in [
        (
            &[("GATEWAY_NODES", "a:1"), ("GATEWAY_NODES_TIMEOUT", "1s")][..],
            &["_NODES:", "_NODES_TIMEOUT:"][..],
        ),
        (&[nodes, node, ("GATEWAY_LOGS_DIR", "/logs")], &["_LOGS_DIR:", "_NODES:"]),
        (&[nodes, node, ("GATEWAY_MAX_SCANS", "1")], &["_MAX_SCANS:", "_NODES:"]),
    ] {
        let warnings = read(variables).unwrap().warnings.to_string();
        assert_eq!(warnings.lines().count(), warned.len(), "{warnings}");
        for name in warned {
            assert!(warnings.contains(name), "{warnings}");
        }
    }
}

#[test]
fn a_front_needs_nodes_and_a_certificate() {
    let nodes = ("GATEWAY_SOURCE", "nodes");
    for (variables, fault) in [
        (&[nodes][..], "GATEWAY_NODES: must be set"),
        (&[nodes, ("GATEWAY_NODES", "nodes:8000")], "GATEWAY_NODES_CERT: must be set"),
        (
            &[nodes, ("GATEWAY_NODES", "http://10.0.0.1:8000")],
            "GATEWAY_NODES: entry 1: must be https",
        ),
        (
            &[nodes, ("GATEWAY_NODES", "http://[::1]:8000,x")],
            "GATEWAY_NODES: entry 2: must be host:port",
        ),
    ] {
        let faults = read(variables).unwrap_err();
        assert!(faults.starts_with(fault), "{faults}");
    }
}

#[test]
fn settings_of_a_source_have_no_effect_on_another_one() {
    let kubernetes = ("GATEWAY_SOURCE", "kubernetes");
    let kubeconfig = ("GATEWAY_KUBECONFIG", "/etc/kubeconfig");
    for (variables, warned) in [
        (&[kubernetes, kubeconfig][..], None),
        (&[kubeconfig], Some("GATEWAY_KUBECONFIG")),
        (&[("GATEWAY_KUBE_IMPERSONATE", "true")], Some("GATEWAY_KUBE_IMPERSONATE")),
        (&[("GATEWAY_KUBE_PREFIX", "corp:")], Some("GATEWAY_KUBE_PREFIX")),
        (&[kubernetes, ("GATEWAY_LOGS_DIR", "/logs")], Some("GATEWAY_LOGS_DIR")),
        (&[kubernetes, ("GATEWAY_LOGS_ROOTS", "/roots")], Some("GATEWAY_LOGS_ROOTS")),
    ] {
        let warnings = read(variables).unwrap().warnings.to_string();
        let is_warned = warned.is_some_and(|name| warnings.contains(name));
        assert!(is_warned || (warned.is_none() && warnings.is_empty()), "{warnings}");
    }
}

#[test]
fn the_api_server_is_asked_for_callers_if_that_is_configured() {
    let kubernetes = ("GATEWAY_SOURCE", "kubernetes");
    let on = ("GATEWAY_KUBE_IMPERSONATE", "true");
    let prefix = ("GATEWAY_KUBE_PREFIX", "corp:");
    for (variables, expected, warning) in [
        (&[kubernetes][..], None, None),
        (&[kubernetes, ("GATEWAY_KUBE_IMPERSONATE", "false")], None, None),
        (&[kubernetes, on], Some("sso:"), None),
        (&[kubernetes, on, prefix], Some("corp:"), None),
        (&[kubernetes, prefix], None, Some("GATEWAY_KUBE_PREFIX: has no effect")),
    ] {
        let config = read(variables).unwrap();
        let SourceSettings::Kubernetes(settings) = config.source else { panic!("{variables:?}") };
        let given = settings.impersonation.map(|prefix| prefix.to_string());
        assert_eq!(given.as_deref(), expected);
        let warnings = config.warnings.to_string();
        assert_eq!(warnings.is_empty(), warning.is_none(), "{warnings}");
        assert!(warnings.contains(warning.unwrap_or_default()), "{warnings}");
    }
    for (name, value) in [
        ("GATEWAY_KUBE_IMPERSONATE", "yes"),
        ("GATEWAY_KUBE_PREFIX", "system:"),
        ("GATEWAY_KUBE_PREFIX", "a b"),
    ] {
        let faults = read(&[kubernetes, (name, value)]).unwrap_err();
        assert!(faults.starts_with(name), "{faults}");
    }
}

#[test]
fn unsupported_security_settings_are_refused() {
    for (name, value) in [
        ("GATEWAY_SOURCE", "elsewhere"),
        ("GATEWAY_LOGS_ROOTS", "relative"),
        ("GATEWAY_SSO_TIMEOUT", "2"),
        ("GATEWAY_SSO_TIMEOUT", "300years"),
        ("GATEWAY_MAX_SCANS", "18446744073709551615"),
        ("GATEWAY_WORKERS", "1025"),
        ("GATEWAY_PUBLIC_URL", "gw.example"),
        ("GATEWAY_PUBLIC_SSO_URL", "https://a:b@sso.example"),
        ("GATEWAY_TYPO", "1"),
    ] {
        let faults = read(&[(name, value)]).unwrap_err();
        assert!(faults.starts_with(name), "{faults}");
    }
}
