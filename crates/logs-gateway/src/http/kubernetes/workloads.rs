//! `GET …/{workloads}/{name}`: which pods a deployment, replica set, stateful set, daemon set or job
//! selects, so that `kubectl logs deployment/web` finds them.

use actix_web::{HttpRequest, HttpResponse, web::Path};
use chrono::{DateTime, Utc};
use pod_logs::{Workload, WorkloadKind, WorkloadRef};
use serde_json::{Value, json};
use service_runtime::http::RequestContext;

use super::{
    age, answer,
    request::accept::{ObjectForm, object_form},
    status::{ResourceAction, Result, StatusError},
    survey::survey,
    table::{AGE, NAME, UNKNOWN, table},
};
use crate::{
    auth::Caller,
    http::{GatewayState, streaming::open_log::AuthenticatedRequest},
    pods::CatalogError,
    unavailable_source::UnavailableSource,
    workloads::readable_workload,
};

/// Why a workload is refused: the same for one that does not exist.
const REASON: &str = "it selects no pod whose log the user may read";

pub(in crate::http) async fn daemon_set(
    asked: AuthenticatedRequest,
    path: Path<(String, String)>,
) -> Result<HttpResponse> {
    read(&asked, WorkloadKind::DaemonSet, &path).await
}

pub(in crate::http) async fn deployment(
    asked: AuthenticatedRequest,
    path: Path<(String, String)>,
) -> Result<HttpResponse> {
    read(&asked, WorkloadKind::Deployment, &path).await
}

pub(in crate::http) async fn replica_set(
    asked: AuthenticatedRequest,
    path: Path<(String, String)>,
) -> Result<HttpResponse> {
    read(&asked, WorkloadKind::ReplicaSet, &path).await
}

pub(in crate::http) async fn stateful_set(
    asked: AuthenticatedRequest,
    path: Path<(String, String)>,
) -> Result<HttpResponse> {
    read(&asked, WorkloadKind::StatefulSet, &path).await
}

pub(in crate::http) async fn job(
    asked: AuthenticatedRequest,
    path: Path<(String, String)>,
) -> Result<HttpResponse> {
    read(&asked, WorkloadKind::Job, &path).await
}

async fn read(
    asked: &AuthenticatedRequest,
    kind: WorkloadKind,
    (namespace, name): &(String, String),
) -> Result<HttpResponse> {
    let AuthenticatedRequest { request, state, caller, .. } = asked;
    if !state.reader.knows_workloads() {
        return Err(StatusError::no_such_path());
    }
    let form = object_form(request);
    let named = (kind, &**namespace, &**name);
    let Some(workload) = visible(request, state, caller, named).await? else {
        let (group, resource) = (kind.group(), kind.resource());
        let (name, namespace) = (Some(&**name), Some(&**namespace));
        let action = ResourceAction { verb: "get", group, resource, name, namespace };
        return Err(StatusError::forbidden(&caller.username, action).because(REASON));
    };
    let now = RequestContext::of(request).arrived;
    Ok(answer::ok(&object(form?, &workload, now)))
}

/// The workload of this kind, namespace and name, if the caller may see it.
pub(in crate::http::kubernetes) async fn visible(
    request: &HttpRequest,
    state: &GatewayState,
    caller: &Caller,
    (kind, namespace, name): (WorkloadKind, &str, &str),
) -> Result<Option<Workload>> {
    let (Ok(in_namespace), Ok(name)) = (namespace.parse(), name.parse()) else {
        return Ok(None);
    };
    if !caller.may_read_in(namespace) {
        return Ok(None);
    }
    let pods = match state.pods.of_caller(caller, Some(namespace)).await {
        Ok(pods) => survey(request, &pods).await?,
        Err(CatalogError::Refused(_)) => return Ok(None),
        Err(CatalogError::Unavailable(error)) => {
            return Err(StatusError::source_unavailable(UnavailableSource::ApiServer, &error));
        }
    };
    let workload = WorkloadRef { kind, namespace: in_namespace, name };
    let found = readable_workload(&state.reader, &pods, caller, &workload).await;
    found.map_err(|error| StatusError::source_unavailable(UnavailableSource::ApiServer, &error))
}

fn object(form: ObjectForm, workload: &Workload, now: DateTime<Utc>) -> Value {
    let whole = workload.object();
    let metadata = &whole["metadata"];
    let partial = |api: &str| json!({ "kind": "PartialObjectMetadata", "apiVersion": api, "metadata": metadata });
    match form {
        ObjectForm::Object => whole.clone(),
        ObjectForm::Metadata(api) => partial(api),
        ObjectForm::Table(api) => {
            let created = metadata["creationTimestamp"].as_str().and_then(|text| text.parse().ok());
            let age =
                created.map(|created: DateTime<Utc>| age::human((now - created).num_seconds()));
            let cells = json!([metadata["name"], age.as_deref().unwrap_or(UNKNOWN)]);
            let version = json!({ "resourceVersion": metadata["resourceVersion"] });
            table(api, &version, &[NAME, AGE], &[json!({ "cells": cells, "object": partial(api) })])
        }
    }
}
