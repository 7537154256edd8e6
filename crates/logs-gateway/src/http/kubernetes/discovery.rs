//! The discovery documents, in the three forms that clients request.

use actix_web::{HttpRequest, HttpResponse, http::header};
use serde_json::{Value, json};

use crate::http::kubernetes::request::accept::{DiscoveryForm, discovery_form};

/// A resource and its verbs.
struct ResourceInfo {
    name: &'static str,
    singular: &'static str,
    kind: &'static str,
    is_namespaced: bool,
    verbs: &'static [&'static str],
    short_names: &'static [&'static str],
    /// Name, kind and verbs of each.
    subresources: &'static [(&'static str, &'static str, &'static [&'static str])],
}

struct GroupInfo {
    /// The group; empty for the core.
    name: &'static str,
    resources: &'static [ResourceInfo],
}

const CORE: GroupInfo = GroupInfo {
    name: "",
    resources: &[
        ResourceInfo {
            name: "events",
            singular: "event",
            kind: "Event",
            is_namespaced: true,
            verbs: &["list"],
            short_names: &["ev"],
            subresources: &[],
        },
        ResourceInfo {
            name: "namespaces",
            singular: "namespace",
            kind: "Namespace",
            is_namespaced: false,
            verbs: &["get", "list", "watch"],
            short_names: &["ns"],
            subresources: &[],
        },
        ResourceInfo {
            name: "pods",
            singular: "pod",
            kind: "Pod",
            is_namespaced: true,
            verbs: &["get", "list", "watch"],
            short_names: &["po"],
            subresources: &[("log", "Pod", &["get"])],
        },
    ],
};

const AUTHORIZATION: GroupInfo = GroupInfo {
    name: "authorization.k8s.io",
    resources: &[
        review("selfsubjectaccessreviews", "selfsubjectaccessreview", "SelfSubjectAccessReview"),
        review("selfsubjectrulesreviews", "selfsubjectrulesreview", "SelfSubjectRulesReview"),
    ],
};

const AUTHENTICATION: GroupInfo = GroupInfo {
    name: "authentication.k8s.io",
    resources: &[review("selfsubjectreviews", "selfsubjectreview", "SelfSubjectReview")],
};

const fn review(name: &'static str, singular: &'static str, kind: &'static str) -> ResourceInfo {
    let (verbs, none): (&[&str], &[&str]) = (&["create"], &[]);
    ResourceInfo {
        name,
        singular,
        kind,
        is_namespaced: false,
        verbs,
        short_names: none,
        subresources: &[],
    }
}

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

pub(in crate::http) async fn groups(request: HttpRequest) -> HttpResponse {
    let groups = [AUTHENTICATION, AUTHORIZATION];
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
