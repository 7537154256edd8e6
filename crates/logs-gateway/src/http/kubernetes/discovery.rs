//! The discovery documents, in the three forms that clients request.

mod groups;

use actix_web::{HttpRequest, HttpResponse, http::header, web};
use serde_json::{Value, json};

use self::groups::{APPS, AUTHENTICATION, AUTHORIZATION, BATCH, CORE, GroupInfo, ResourceInfo};
use crate::http::{
    GatewayState,
    kubernetes::{
        request::accept::{DiscoveryForm, discovery_form},
        status::{Result, StatusError},
    },
};

/// The version of Kubernetes whose API is served in part.
pub(in crate::http) async fn version() -> HttpResponse {
    let ours = format!("v1.36.2+logs-gateway.{}", env!("CARGO_PKG_VERSION"));
    document(&json!({
        "major": "1",
        "minor": "36",
        "gitVersion": ours,
        "gitCommit": "",
        "gitTreeState": "",
        "buildDate": "",
        "goVersion": "",
        "compiler": "",
        "platform": "",
    }))
}

pub(in crate::http) async fn core_versions(request: HttpRequest) -> HttpResponse {
    match discovery_form(&request) {
        DiscoveryForm::Plain => document(&json!({
            "kind": "APIVersions",
            "versions": ["v1"],
            "serverAddressByClientCIDRs": [],
        })),
        DiscoveryForm::Aggregated(version) => aggregated(version, &[CORE]),
    }
}

pub(in crate::http) async fn groups(
    request: HttpRequest,
    state: web::Data<GatewayState>,
) -> HttpResponse {
    let mut groups = vec![AUTHENTICATION, AUTHORIZATION];
    if state.reader.knows_workloads() {
        groups.extend([APPS, BATCH]);
    }
    match discovery_form(&request) {
        DiscoveryForm::Plain => document(&json!({
            "kind": "APIGroupList",
            "apiVersion": "v1",
            "groups": groups.iter().map(group).collect::<Vec<_>>(),
        })),
        DiscoveryForm::Aggregated(version) => aggregated(version, &groups),
    }
}

pub(in crate::http) async fn core_resources() -> HttpResponse {
    resources("v1", &CORE)
}

pub(in crate::http) async fn authorization_resources() -> HttpResponse {
    resources("authorization.k8s.io/v1", &AUTHORIZATION)
}

pub(in crate::http) async fn authentication_resources() -> HttpResponse {
    resources("authentication.k8s.io/v1", &AUTHENTICATION)
}

pub(in crate::http) async fn apps_resources(
    state: web::Data<GatewayState>,
) -> Result<HttpResponse> {
    workload_resources(&state, "apps/v1", &APPS)
}

pub(in crate::http) async fn batch_resources(
    state: web::Data<GatewayState>,
) -> Result<HttpResponse> {
    workload_resources(&state, "batch/v1", &BATCH)
}

fn workload_resources(
    state: &GatewayState,
    group_version: &str,
    group: &GroupInfo,
) -> Result<HttpResponse> {
    match state.reader.knows_workloads() {
        true => Ok(resources(group_version, group)),
        false => Err(StatusError::no_such_path()),
    }
}

fn document(body: &Value) -> HttpResponse {
    HttpResponse::Ok().insert_header((header::VARY, "accept")).json(body)
}

fn group(group: &GroupInfo) -> Value {
    let version = json!({ "groupVersion": format!("{}/v1", group.name), "version": "v1" });
    json!({ "name": group.name, "versions": [version.clone()], "preferredVersion": version })
}

fn resources(group_version: &str, group: &GroupInfo) -> HttpResponse {
    let mut resources = Vec::new();
    for resource in group.resources {
        let mut entry = json!({
            "name": resource.name,
            "singularName": resource.singular,
            "namespaced": resource.is_namespaced,
            "kind": resource.kind,
            "verbs": resource.verbs,
        });
        if !resource.short_names.is_empty() {
            entry["shortNames"] = json!(resource.short_names);
        }
        resources.push(entry);
        for (name, kind, verbs) in resource.subresources {
            resources.push(json!({
                "name": format!("{}/{name}", resource.name),
                "singularName": "",
                "namespaced": resource.is_namespaced,
                "kind": kind,
                "verbs": verbs,
            }));
        }
    }
    document(&json!({
        "kind": "APIResourceList",
        "apiVersion": "v1",
        "groupVersion": group_version,
        "resources": resources,
    }))
}

fn aggregated(version: &str, groups: &[GroupInfo]) -> HttpResponse {
    let group = |group: &GroupInfo| {
        let metadata = match group.name {
            "" => json!({}),
            name => json!({ "name": name }),
        };
        let resources: Vec<_> = group.resources.iter().map(aggregated_resource).collect();
        let version = json!({ "version": "v1", "resources": resources, "freshness": "Current" });
        json!({ "metadata": metadata, "versions": [version] })
    };
    let kind =
        format!("application/json;g=apidiscovery.k8s.io;v={version};as=APIGroupDiscoveryList");
    HttpResponse::Ok()
        .insert_header((header::VARY, "accept"))
        .insert_header((header::CONTENT_TYPE, kind))
        .body(
            json!({
                "kind": "APIGroupDiscoveryList",
                "apiVersion": format!("apidiscovery.k8s.io/{version}"),
                "metadata": {},
                "items": groups.iter().map(group).collect::<Vec<_>>(),
            })
            .to_string(),
        )
}

fn aggregated_resource(resource: &ResourceInfo) -> Value {
    let kind = |kind: &str| json!({ "group": "", "version": "", "kind": kind });
    let mut entry = json!({
        "resource": resource.name,
        "responseKind": kind(resource.kind),
        "scope": if resource.is_namespaced { "Namespaced" } else { "Cluster" },
        "singularResource": resource.singular,
        "verbs": resource.verbs,
    });
    if !resource.short_names.is_empty() {
        entry["shortNames"] = json!(resource.short_names);
    }
    let subresource = |(name, of, verbs): &(&str, &str, &[&str])| json!({ "subresource": name, "responseKind": kind(of), "verbs": verbs });
    if !resource.subresources.is_empty() {
        entry["subresources"] = resource.subresources.iter().map(subresource).collect();
    }
    entry
}
