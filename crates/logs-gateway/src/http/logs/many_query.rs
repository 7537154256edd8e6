//! The query string of `/logs` about many pods.

use chrono::{DateTime, Utc};
use pod_logs::{ContainerChoice, History, LogQuery, MergedCursor};
use service_runtime::http::{Query, Result};
use shared_types::NameGlobs;

use super::log_query::{LogRequest, flag, log_request};
use crate::{
    http::error::bad_cursor,
    many_choice::{ChosenLabels, ManyChoice},
};

/// The parsed query string.
#[derive(Debug)]
pub(in crate::http) struct ManyRequest {
    pub(in crate::http) choice: ManyChoice,
    pub(in crate::http) query: LogQuery,
    /// Where the logs were read up to.
    pub(in crate::http) resumed: Option<MergedCursor>,
    /// The history that is asked for in words.
    pub(in crate::http) history: Option<History>,
    /// Sent as an attachment.
    pub(in crate::http) download: bool,
}

/// Parameters that choose lines of one log.
const OF_ONE_LOG: [&str; 4] = ["before", "context", "uid", "upto"];

/// Parses the parameters, as [`log_request`] does. `knows_labels` is whether the source does.
///
/// # Errors
/// 400 when a value cannot be parsed, a parameter is missing, unknown or repeated, or the cursor is
/// of other globs; 422 when a value is refused.
pub(in crate::http) fn many_request(
    mut query: Query,
    last_event: Option<&str>,
    now: DateTime<Utc>,
    knows_labels: bool,
) -> Result<ManyRequest> {
    let namespaces = globs(&mut query, "namespace", Some("default"));
    let pods = globs(&mut query, "pod", None);
    for name in OF_ONE_LOG {
        if query.take(name).is_some() {
            query.faults().refuse(name, "is for a single log");
        }
    }
    let labels = labels(&mut query, knows_labels);
    let prefix = !query.has("prefix") || flag(&mut query, "prefix");
    let after = query.take("after");
    let after = last_event.map(str::to_owned).or(after);
    let LogRequest { mut query, history, download } = log_request(query, None, now)?;
    (query.is_of_many, query.prefix) = (true, prefix);
    let container = match &query.container {
        ContainerChoice::Named(name) => Some(name.clone()),
        ContainerChoice::Only | ContainerChoice::All => None,
    };
    let choice = ManyChoice { namespaces, pods, container, labels };
    let resumed = after.map(|text| MergedCursor::decode(&text)).transpose();
    let resumed = resumed.map_err(|_| bad_cursor())?;
    if let Some(cursor) = &resumed {
        if cursor.selection != choice.checksum() {
            return Err(bad_cursor());
        }
        // The cursor says what the client has.
        (query.tail, query.filter.since) = (None, None);
    }
    Ok(ManyRequest { choice, query, resumed, history, download })
}

/// The labels that pods have to have.
fn labels(query: &mut Query, are_known: bool) -> Option<ChosenLabels> {
    let text = query.take("labelSelector")?;
    if !are_known {
        let detail = "this source knows no labels";
        query.faults().refuse_as("labels_unavailable", "labelSelector", detail);
        return None;
    }
    let labels = ChosenLabels::parse(&text);
    labels.map_err(|fault| query.faults().unreadable("labelSelector", fault)).ok()
}

/// Patterns, of which every name matches one while there is a fault.
fn globs(query: &mut Query, name: &str, default: Option<&str>) -> NameGlobs {
    if default.is_none() && !query.has(name) {
        query.faults().unreadable(name, "is missing; * is all");
    }
    let text = query.take(name);
    let text = text.as_deref().or(default).unwrap_or("*");
    text.parse().unwrap_or_else(|error| {
        let error: shared_types::InvalidNameGlobs = error;
        query.faults().unreadable(name, error.to_string());
        NameGlobs::all()
    })
}
