//! Whether the gateway allows an action, as requests find it.

use actix_web::HttpRequest;
use pod_logs::WorkloadKind;
use serde_json::json;

use super::resource_attributes::ResourceAttributes;
use crate::{
    auth::Caller,
    http::{
        GatewayState,
        kubernetes::{
            status::{Result, StatusError},
            workloads,
        },
    },
    pods::CatalogError,
    unavailable_source::UnavailableSource,
};

/// Whether the caller may do this: reading one pod or its log, by the caller's permissions; lists of
/// pods where the caller may read some; the list of namespaces for a caller who may read any log; a
/// workload that selects a pod whose log the caller may read. Everything else is denied. Where the
/// rights of callers in the cluster count, they have to allow it too.
///
/// # Errors
/// When the source does not tell.
pub(super) async fn is_allowed(
    request: &HttpRequest,
    state: &GatewayState,
    caller: &Caller,
    asked: &ResourceAttributes,
) -> Result<bool> {
    let ResourceAttributes { namespace, verb, group, resource, subresource, name, .. } = asked;
    match (&**group, &**resource, &**subresource, &**verb) {
        ("", "pods", "" | "log", "get") => {
            let is_permitted = match &**name {
                "" => caller.may_read_all_in(namespace),
                name => caller.may_read_named(namespace, name),
            };
            Ok(is_permitted && cluster_allows(state, caller, asked).await?)
        }
        ("", "pods", "", "list" | "watch") => {
            let namespace = Some(&**namespace).filter(|namespace| !namespace.is_empty());
            let is_permitted = match namespace {
                None => caller.may_read_any().is_ok(),
                Some(namespace) => caller.may_read_in(namespace),
            };
            Ok(is_permitted && may_list(state, caller, namespace).await?)
        }
        ("", "namespaces", "", "list" | "watch") => {
            Ok(caller.may_read_any().is_ok() && may_list(state, caller, None).await?)
        }
        (group, resource, "", "get") if state.reader.knows_workloads() => {
            match WorkloadKind::of_resource(group, resource) {
                None => Ok(false),
                // Any workload that has pods.
                Some(_) if name.is_empty() => Ok(caller.may_read_all_in(namespace)
                    && cluster_allows(state, caller, asked).await?),
                Some(kind) => {
                    let named = (kind, &**namespace, &**name);
                    Ok(workloads::visible(request, state, caller, named).await?.is_some())
                }
            }
        }
        _ => Ok(false),
    }
}

async fn cluster_allows(
    state: &GatewayState,
    caller: &Caller,
    asked: &ResourceAttributes,
) -> Result<bool> {
    let allowed = state.reader.cluster_allows(caller, &json!(asked)).await;
    allowed.map_err(|error| StatusError::source_unavailable(UnavailableSource::ApiServer, &error))
}

/// Whether the cluster lists pods to the caller.
async fn may_list(state: &GatewayState, caller: &Caller, namespace: Option<&str>) -> Result<bool> {
    match state.pods.of_caller(caller, namespace).await {
        Ok(_) => Ok(true),
        Err(CatalogError::Refused(_)) => Ok(false),
        Err(CatalogError::Unavailable(error)) => {
            Err(StatusError::source_unavailable(UnavailableSource::ApiServer, &error))
        }
    }
}
