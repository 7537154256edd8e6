//! The records of a stream, as a client reads them.

use serde_json::Value;

use super::node::{LogName, incarnation_of};
use crate::LogForm;

#[derive(Debug)]
pub(super) enum ModelRecord {
    Line {
        log: LogName,
        time: String,
        message: String,
        is_late: bool,
        is_whole: bool,
    },
    Pod {
        event: String,
        log: LogName,
        incarnation: usize,
    },
    /// `None`: of a log that is gone.
    Gap {
        log: Option<LogName>,
    },
    Checkpoint(String),
    Other,
}

/// The records of a piece of a body in one of the forms that have words.
pub(super) fn records(form: LogForm, body: &str) -> Vec<ModelRecord> {
    match form {
        LogForm::Events => {
            assert!(body.is_empty() || body.ends_with("\n\n"), "the last event has no end");
            body.split_terminator("\n\n").flat_map(event_records).collect()
        }
        _ => body.lines().map(|line| record(&serde_json::from_str(line).unwrap())).collect(),
    }
}

/// The records of one event. Its id counts when all of it was received.
fn event_records(event: &str) -> Vec<ModelRecord> {
    let (mut name, mut id, mut records) = (None, None, Vec::new());
    for line in event.lines() {
        match line.split_once(": ").unwrap() {
            ("event", of) => name = Some(of),
            ("id", cursor) => id = Some(ModelRecord::Checkpoint(cursor.to_owned())),
            ("data", data) => {
                let data = serde_json::from_str(data).unwrap();
                records.push(match name {
                    // The id tells its cursor.
                    Some("live" | "progress") => ModelRecord::Other,
                    Some(name) => record(&serde_json::json!({ name: data })),
                    None => record(&data),
                });
            }
            other => panic!("{other:?} in {event:?}"),
        }
    }
    records.extend(id);
    records
}

fn record(value: &Value) -> ModelRecord {
    let text = |value: &Value| value.as_str().map(str::to_owned);
    let log = |value: &Value| Some((text(&value["pod"])?, text(&value["container"])?));
    if let Some(message) = text(&value["message"]) {
        return ModelRecord::Line {
            log: log(value).unwrap(),
            time: text(&value["time"]).unwrap(),
            message,
            is_late: value["late"] == true,
            is_whole: value["cursor"].is_string(),
        };
    }
    // The cursor of `live` is beside no other.
    if let Some(cursor) = text(&value["cursor"]) {
        return ModelRecord::Checkpoint(cursor);
    }
    if let Some(pod) = value.get("pod") {
        let event = text(&pod["event"]).unwrap();
        let (log, uid) = (log(pod).unwrap(), text(&pod["uid"]).unwrap());
        let incarnation = incarnation_of(uid.parse().unwrap(), &log.1);
        return ModelRecord::Pod { event, log, incarnation };
    }
    match value.get("gap") {
        Some(gap) => ModelRecord::Gap { log: log(gap) },
        None => ModelRecord::Other,
    }
}
