//! `history=all` at a front, of a pod whose incarnations are on several nodes: their logs, merged.

use actix_web::{HttpResponse, HttpResponseBuilder, http::Method};
use pod_logs::{
    Anchor, ContainerChoice, ContainerName, History, LocateError, LogForm, LogQuery, MergedCursor,
    PodRef, choose_containers,
};
use service_runtime::http::{InputFaults, Problem, Query, Result};

use crate::{
    audit::ReadTarget,
    front_reader::FrontReader,
    http::{
        error::bad_cursor,
        forwarding,
        logs::{accepted_form::media_type, envelope::LogEnvelope, stream_limit::too_many_streams},
        streaming::{
            body::{self, Frame},
            open_log::{AuthenticatedRequest, LogAccess, OpenedLog, log_response},
        },
    },
    many_choice::ManyChoice,
    reader::ReadError,
    stream::LogContent,
};

/// The logs of all incarnations of a pod.
pub(super) struct IncarnationsQuery {
    pub(super) pod: PodRef,
    pub(super) query: LogQuery,
    /// Where the client goes on.
    pub(super) checkpoint: Option<MergedCursor>,
    pub(super) form: LogForm,
}

/// Takes the cursor to continue after, if it is one of merged logs. The cursor of a line is left.
pub(super) fn take_checkpoint(
    query: &mut Query,
    last_event: &mut Option<&str>,
) -> Option<MergedCursor> {
    if let Some(text) = *last_event {
        let cursor = MergedCursor::decode(text).ok()?;
        // The header overrules the parameter.
        (*last_event, _) = (None, query.take("after"));
        return Some(cursor);
    }
    query.take_if("after", |text| MergedCursor::decode(text).ok())
}

/// Whether lines of several nodes are asked for. The cursor of a line is a place in the log of one
/// incarnation and says nothing about the others, which may still be written to.
pub(super) fn spans_nodes(front: &FrontReader, pod: &PodRef, query: &LogQuery) -> bool {
    let is_of_all = query.anchor.is_some() || query.uid.is_none();
    query.history == History::All && is_of_all && front.is_on_several_nodes(pod)
}

/// Answers with the logs of all incarnations, merged by time.
pub(super) async fn of_incarnations(
    asked: AuthenticatedRequest,
    front: &FrontReader,
    asked_for: IncarnationsQuery,
    mut response: HttpResponseBuilder,
) -> Result<HttpResponse> {
    let AuthenticatedRequest { request, state, caller, credential, .. } = &asked;
    let IncarnationsQuery { pod, mut query, checkpoint, form } = asked_for;
    refuse_places_of_one_log(&query)?;
    let choice = match &checkpoint {
        None => begun_choice(front, &pod, &query.container)?,
        Some(cursor) => resumed_choice(front, &pod, &query.container, cursor)?,
    };
    query.is_of_many = true;
    if let Some(cursor) = &checkpoint {
        let is_of_all = query.history == History::All && query.uid.is_none();
        if cursor.selection != choice.checksum() || !is_of_all {
            return Err(bad_cursor());
        }
        // The cursor says what the client has.
        (query.tail, query.filter.since) = (None, None);
    }
    if request.method() == Method::HEAD {
        return Ok(body::without_body(response));
    }
    let Some(permit) = state.streams.open(&caller.username, credential) else {
        return Err(too_many_streams(state.streams.max_per_user()));
    };
    let admitted = state.audit.admit()?;
    let (follows, until) = (query.follow, query.filter.until);
    let question = forwarding::question(request, caller, media_type(LogForm::JsonLines), false)
        .about_pod(&pod, choice.container.as_ref());
    let (log, _) = front.merge(&choice, question, query, checkpoint, form).await?;
    forwarding::warn_of_missing(&mut response, &log.missing());
    let frame = match form {
        LogForm::JsonString => {
            let (namespace, name) = (pod.namespace.as_str(), pod.pod.as_str());
            LogEnvelope::new(caller, namespace, name, choice.container_name()).frame()?
        }
        _ => Frame::default(),
    };
    let opened = OpenedLog {
        log: LogContent::Merged(log.into()),
        target: target_of(&pod, &choice),
        access: LogAccess::Pod(pod),
        format: form.into(),
        follows,
        until,
        permit,
        admitted,
    };
    log_response(asked, opened, response, frame).map_err(Problem::internal)
}

/// The logs of a reading that begins. A named container may be one that only some incarnations have.
/// Without a name, the last incarnation decides, as if it were the only one.
fn begun_choice(
    front: &FrontReader,
    pod: &PodRef,
    container: &ContainerChoice,
) -> Result<ManyChoice, ReadError> {
    let there = match container {
        ContainerChoice::Only => front.last_containers(pod)?,
        ContainerChoice::Named(_) | ContainerChoice::All => front.containers(pod)?,
    };
    let chosen = choose_containers(&there, container)?;
    let container = chosen.first().filter(|_| *container != ContainerChoice::All);
    choice_of(pod, container.cloned())
}

/// The logs of a reading that goes on: those that the cursor is of, whatever containers there are by
/// now. The cursor of other logs is refused later.
fn resumed_choice(
    front: &FrontReader,
    pod: &PodRef,
    container: &ContainerChoice,
    cursor: &MergedCursor,
) -> Result<ManyChoice, ReadError> {
    let there = front.containers(pod)?;
    match container {
        ContainerChoice::All => choice_of(pod, None),
        ContainerChoice::Named(name) => choice_of(pod, Some(name.clone())),
        ContainerChoice::Only => {
            for name in there {
                let choice = choice_of(pod, Some(name))?;
                if choice.checksum() == cursor.selection {
                    return Ok(choice);
                }
            }
            begun_choice(front, pod, container)
        }
    }
}

fn choice_of(pod: &PodRef, container: Option<ContainerName>) -> Result<ManyChoice, ReadError> {
    ManyChoice::of_pod(pod, container).map_err(|_| LocateError::NoPod.into())
}

/// Refuses parameters that are about a place in the log of one node.
fn refuse_places_of_one_log(query: &LogQuery) -> Result<()> {
    let mut faults = InputFaults::default();
    let place = query.anchor.as_ref().map(|anchor| match anchor {
        Anchor::After(_) => "after",
        Anchor::Before(_) => "before",
        Anchor::UpTo(_) => "upto",
    });
    let context = Some("context").filter(|_| query.filter.context > 0);
    for name in place.into_iter().chain(context) {
        let detail = "is for one log, and the incarnations of the pod are on several nodes; leave \
                      out history=all to read one incarnation";
        faults.refuse_as("history_unavailable", name, detail);
    }
    faults.into_result()
}

/// The logs, as their record names them.
fn target_of(pod: &PodRef, choice: &ManyChoice) -> ReadTarget {
    ReadTarget {
        namespace: pod.namespace.to_string(),
        pod: pod.pod.to_string(),
        container: Some(choice.container_name().to_owned()),
        ..ReadTarget::default()
    }
}
