//! `GET /logs`: the logs of many pods, merged by time.

use actix_web::{
    HttpResponse,
    http::{Method, header},
};
use pod_logs::LogForm;
use service_runtime::http::{Problem, Query, RequestContext, Result};

use crate::{
    audit::{ReadTarget, bounded},
    auth::{Caller, Credential},
    http::{
        forwarding,
        logs::{
            accepted_form::{accepted_form, accepted_volume_form, media_type},
            envelope::LogEnvelope,
            many_query::{ManyRequest, many_request},
            read::{current_only, head, last_event_id},
            stream_limit::too_many_streams,
        },
        streaming::{
            body::{self, Frame},
            open_log::{AuthenticatedRequest, LogAccess, OpenedLog, log_response},
        },
    },
    many_choice::ManyChoice,
    reader::ReadError,
    stream::LogContent,
};

/// The logs of the pods that the globs match and the caller may read.
pub(in crate::http) async fn of_many(asked: AuthenticatedRequest) -> Result<HttpResponse> {
    let AuthenticatedRequest { request, state, caller, credential, .. } = &asked;
    let arrived = RequestContext::of(request).arrived;
    let query = Query::parse(request.query_string());
    let offers = state.reader.offers();
    let last_event = last_event_id(request)?;
    let ManyRequest { choice, mut query, resumed, history, download } =
        many_request(query, last_event, arrived, offers.labels)?;
    if !offers.history {
        query.history = current_only(history)?;
    }
    let form = match query.volume {
        Some(_) => accepted_volume_form(request)?,
        None => accepted_form(request, query.follow)?,
    };
    query.for_front = matches!(credential, Credential::Front) && form == LogForm::JsonLines;
    choice.check(caller).map_err(ReadError::Denied).inspect_err(|_| {
        asked.record_denied(&choice.namespaces.to_string(), &choice.pods.to_string());
    })?;
    let mut response = head(form);
    if download {
        let file = "attachment; filename=\"logs.log\"";
        response.insert_header((header::CONTENT_DISPOSITION, file));
    }
    if request.method() == Method::HEAD {
        if state.front.is_none() {
            state.reader.check_many(caller, &choice, &query, resumed).await?;
        }
        return Ok(body::without_body(response));
    }
    let Some(permit) = state.streams.open(&caller.username, credential) else {
        return Err(too_many_streams(state.streams.max_per_user()));
    };
    let admitted = state.audit.admit()?;
    let (follows, until) = (query.follow, query.filter.until);
    let (log, pods) = match &state.front {
        Some(front) => {
            let question =
                forwarding::question(request, caller, media_type(LogForm::JsonLines), false);
            let (log, pods) = front.merge(&choice, question, query, resumed, form).await?;
            forwarding::warn_of_missing(&mut response, &log.missing());
            (LogContent::Merged(log.into()), pods)
        }
        None => {
            let begun = state.reader.open_many(caller, &choice, query, resumed, form).await?;
            (begun.log.into(), begun.pods)
        }
    };
    let frame = match form {
        LogForm::JsonString => envelope_of(caller, &choice)?,
        _ => Frame::default(),
    };
    let (target, format) = (target_of(&choice, pods), form.into());
    let access = LogAccess::Many(choice);
    let opened = OpenedLog { log, access, target, format, follows, until, permit, admitted };
    log_response(asked, opened, response, frame).map_err(Problem::internal)
}

fn envelope_of(caller: &Caller, choice: &ManyChoice) -> Result<Frame> {
    let (namespaces, pods) = (choice.namespaces.to_string(), choice.pods.to_string());
    LogEnvelope::new(caller, &namespaces, &pods, choice.container_name()).frame()
}

/// The logs, as their record names them.
fn target_of(choice: &ManyChoice, pods: usize) -> ReadTarget {
    let [namespace, pod] =
        [&choice.namespaces, &choice.pods].map(|globs| bounded(globs.to_string().as_bytes()));
    ReadTarget {
        namespace,
        pod,
        pods: Some(pods as u64),
        container: Some(choice.container_name().to_owned()),
        node: None,
        uid: None,
    }
}
