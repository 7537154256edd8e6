//! Tables: lists as kubectl shows them (`kubernetes/pkg/printers/internalversion`).

use std::sync::Arc;

use chrono::{DateTime, Utc};
use pod_logs::SeenPod;
use serde_json::{Value, json};

use super::{age, pod_object};

/// Name, type, format, what it is, and 1 for what only `-o wide` shows.
type Column = (&'static str, &'static str, &'static str, &'static str, u8);

const NAME: Column = ("Name", "string", "name", "Name must be unique within a namespace.", 0);
const AGE: Column = ("Age", "string", "", "How long ago the object was created.", 0);

const POD_COLUMNS: [Column; 9] = [
    NAME,
    ("Ready", "string", "", "How many of the pod's containers are known to be ready.", 0),
    ("Status", "string", "", "The aggregate status of the containers in this pod.", 0),
    ("Restarts", "string", "", "How often containers of this pod have been restarted.", 0),
    AGE,
    ("IP", "string", "", "The address of the pod.", 1),
    ("Node", "string", "", "The node on which the pod runs.", 1),
    ("Nominated Node", "string", "", "The node that is being freed for the pod.", 1),
    ("Readiness Gates", "string", "", "What else the pod's readiness depends on.", 1),
];

const NAMESPACE_COLUMNS: [Column; 3] =
    [NAME, ("Status", "string", "", "The status of the namespace", 0), AGE];

const EVENT_COLUMNS: [Column; 5] = [
    ("Last Seen", "string", "", "When the event was seen last.", 0),
    ("Type", "string", "", "Type of this event.", 0),
    ("Reason", "string", "", "Why the event was generated.", 0),
    ("Object", "string", "", "The object that the event is about.", 0),
    ("Message", "string", "", "What happened.", 0),
];

const NONE: &str = "<none>";
const UNKNOWN: &str = "<unknown>";

/// `included` is what each row carries of its object: `None`, `Metadata` or `Object`.
pub(super) fn of_pods(
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
    table(api, metadata, &POD_COLUMNS, &pods.iter().map(row).collect::<Vec<_>>())
}

fn cells(pod: &SeenPod, now: DateTime<Utc>) -> Value {
    let (name, containers) = (pod.pod.pod.as_str(), pod.containers.len());
    let restarts: u32 = pod.containers.iter().map(|container| container.restart).sum();
    let age = pod.created_at.map(|created| age::human((now - created).num_seconds()));
    json!([
        name,
        format!("0/{containers}"),
        pod_object::PHASE,
        restarts.to_string(),
        age.as_deref().unwrap_or(UNKNOWN),
        NONE,
        NONE,
        NONE,
        NONE,
    ])
}

pub(super) fn of_namespaces(api: &str, metadata: &Value, names: &[(&str, Value)]) -> Value {
    let row = |(name, object): &(&str, Value)| json!({ "cells": [name, "Active", UNKNOWN], "object": object });
    table(api, metadata, &NAMESPACE_COLUMNS, &names.iter().map(row).collect::<Vec<_>>())
}

pub(super) fn of_events(api: &str, metadata: &Value) -> Value {
    table(api, metadata, &EVENT_COLUMNS, &[])
}

fn table(api: &str, metadata: &Value, columns: &[Column], rows: &[Value]) -> Value {
    let column = |(name, kind, format, description, priority): &Column| {
        json!({
            "name": name,
            "type": kind,
            "format": format,
            "description": description,
            "priority": priority,
        })
    };
    json!({
        "kind": "Table",
        "apiVersion": api,
        "metadata": metadata,
        "columnDefinitions": columns.iter().map(column).collect::<Vec<_>>(),
        "rows": rows,
    })
}
