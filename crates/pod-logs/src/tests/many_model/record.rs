//! The records of a stream, as a client reads them.

use serde_json::Value;

use super::node::{LogName, incarnation_of};

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

pub(super) fn records(body: &[u8]) -> impl Iterator<Item = ModelRecord> {
    let lines = body.split(|byte| *byte == b'\n').filter(|line| !line.is_empty());
    lines.map(|line| record(&serde_json::from_slice(line).unwrap()))
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
