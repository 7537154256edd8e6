//! Pods as rows of a table.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use pod_logs::SeenPod;
use serde_json::{Value, json};

use super::{pod_object, pod_status::PodStatus};
use crate::http::kubernetes::{
    age,
    table::{AGE, NAME, TableColumn, UNKNOWN, table},
};

const COLUMNS: [TableColumn; 9] = [
    NAME,
    TableColumn::new("Ready", "How many of the pod's containers are known to be ready."),
    TableColumn::new("Status", "The aggregate status of the containers in this pod."),
    TableColumn::new("Restarts", "How often containers of this pod have been restarted."),
    AGE,
    TableColumn::wide("IP", "The address of the pod."),
    TableColumn::wide("Node", "The node on which the pod runs."),
    TableColumn::wide("Nominated Node", "The node that is being freed for the pod."),
    TableColumn::wide("Readiness Gates", "What else the pod's readiness depends on."),
];

const NONE: &str = "<none>";

/// The table of these pods. `included` names the part of the object in each row: `None`, `Metadata`
/// or `Object`.
pub(super) fn pod_table(
    api: &str,
    metadata: &Value,
    pods: &[Arc<SeenPod>],
    included: &str,
    now: DateTime<Utc>,
) -> Value {
    let row = |pod: &Arc<SeenPod>| {
        let object = match included {
            "None" => Value::Null,
            "Object" => pod_object::whole(pod),
            _ => pod_object::metadata_only(pod, api),
        };
        json!({ "cells": cells(pod, now), "object": object })
    };
    table(api, metadata, &COLUMNS, &pods.iter().map(row).collect::<Vec<_>>())
}

fn cells(pod: &SeenPod, now: DateTime<Utc>) -> Value {
    let (name, containers) = (pod.pod.pod.as_str(), pod.containers.len());
    let restarts: u32 = pod.containers.iter().map(|container| container.restart).sum();
    let age = pod.created_at.map(|created| age::human((now - created).num_seconds()));
    let object = pod_object::shown(pod);
    let status = object.as_ref().map(|object| PodStatus::of(pod_object::phase(pod), object));
    let ready = status.as_ref().map(|status| format!("{}/{}", status.ready, status.containers));
    let ip = object.as_ref().and_then(|object| object["status"]["podIP"].as_str());
    json!([
        name,
        ready.unwrap_or_else(|| format!("0/{containers}")),
        status.as_ref().map_or(pod_object::shown_status(pod), |status| &status.word),
        restarts.to_string(),
        age.as_deref().unwrap_or(UNKNOWN),
        ip.unwrap_or(NONE),
        pod.node.as_deref().unwrap_or(NONE),
        NONE,
        NONE,
    ])
}
