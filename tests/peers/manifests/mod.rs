//! `deploy/kubernetes`: kubectl builds every overlay, Kubernetes' schemas of several versions accept
//! every object, the services accept their variables, and everything that is named is there.

mod alerts;
mod certificates;
mod containers;
mod objects;
mod overlay;
mod rights;

use std::path::PathBuf;

use libtest_mimic::Trial;

use self::overlay::{BuiltOverlay, Tools};
use crate::{
    installed::{self, javascript, python},
    manifests::objects::Objects,
};

/// Looks at the objects of an overlay.
type Check = fn(&BuiltOverlay);

const CHECKS: [(&str, Check); 9] = [
    ("names_only_what_is_there", objects::closed),
    ("services_and_policies_select_pods", objects::selecting),
    ("every_secret_is_made_by_the_script_or_described", objects::secrets),
    ("every_container_is_hardened", containers::hardened),
    ("every_container_has_probes_and_resources", containers::probed),
    ("every_variable_is_accepted", containers::accepted_variables),
    ("only_the_node_gateways_see_the_node", containers::restricted),
    ("replicas_are_as_described", objects::replicas),
    ("rights_in_the_cluster_are_those_that_are_used", rights::least),
];

pub(crate) fn trials() -> Vec<Trial> {
    let checked = overlay::NAMES.into_iter().flat_map(|overlay| {
        CHECKS.map(|(name, check)| {
            let name = format!("manifests::{overlay}::{name}");
            installed::trial(name, tools(), move |tools| check(tools.build(overlay)))
        })
    });
    let accepted = overlay::NAMES.map(|overlay| {
        let name = format!("manifests::{overlay}::every_version_accepts_every_object");
        installed::trial(name, tools(), move |tools| tools.check_schemas(overlay))
    });
    checked.chain(accepted).chain(alerts::trials()).chain(certificates::trials()).collect()
}

/// kubectl and Python with the schemas.
fn tools() -> Result<Tools, String> {
    Ok(Tools { kubectl: kubectl()?, python: python()? })
}

fn kubectl() -> Result<PathBuf, String> {
    Ok(javascript()?.join("kubectl-1.33"))
}
