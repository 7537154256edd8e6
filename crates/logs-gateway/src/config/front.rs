//! Settings of a node gateway: its name, and the fronts that may forward requests to it.

use std::path::PathBuf;

use service_runtime::{
    service::RuntimeSettings,
    settings::{Settings, list},
    tls::TrustedClients,
};

use crate::nodes::parse_node_name;

const CA: &str = "GATEWAY_FRONT_CA";
const NAMES: &str = "GATEWAY_FRONT_NAMES";
const NODE_NAME: &str = "GATEWAY_NODE_NAME";

/// The fronts that may forward requests, by their certificates. `None` when there are none, and when
/// something is wrong: `settings` keeps the fault.
pub(super) fn trusted_fronts(
    settings: &mut Settings,
    runtime: &RuntimeSettings,
) -> Option<TrustedClients> {
    let names = settings.get(NAMES, |text| list(text, front_name));
    let Some(authorities) = settings.text(CA) else {
        if names.is_some() {
            settings.warn(NAMES, format_args!("has no effect while {CA} is not set"));
        }
        return None;
    };
    if runtime.tls.is_none() {
        settings.fault(CA, "needs GATEWAY_TLS_CERT: fronts are recognised over TLS only");
        return None;
    }
    let names = names.unwrap_or_else(|| vec!["logs-gateway-front".to_owned()]);
    let fronts = TrustedClients::signed_by(PathBuf::from(authorities), names);
    fronts.map_err(|fault| settings.fault(CA, fault)).ok()
}

/// The name of the node, by default that of the host. `None` if the host has no usable name.
pub(super) fn node_name(settings: &mut Settings) -> Option<String> {
    settings.get(NODE_NAME, parse_node_name).or_else(|| {
        let host = rustix::system::uname();
        host.nodename().to_str().ok().and_then(|name| parse_node_name(name).ok())
    })
}

fn front_name(text: &str) -> Result<String, &'static str> {
    if text.is_empty() { Err("must be names, separated by commas") } else { Ok(text.to_owned()) }
}
