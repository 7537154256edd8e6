//! `GET /logs/{pod}` and `GET /logs/{namespace}/{pod}`.

use actix_web::{
    HttpRequest, HttpResponse, HttpResponseBuilder,
    http::{Method, StatusCode, header},
    web::Path,
};
use pod_logs::{ContainerChoice, History, LogForm, LogQuery, PodRef};
use service_runtime::http::{InputFaults, Problem, Query, RequestContext, Result};

use crate::{
    front_reader::{FrontReader, NodeAnswer, PodLog},
    http::{
        audited::{container_of, forwarded_target, target_of},
        forwarding,
        logs::{
            accepted_form::{accepted_form, accepted_volume_form, media_type},
            envelope::LogEnvelope,
            log_query::{LogRequest, log_request, name},
            read_incarnations::{IncarnationsQuery, of_incarnations, spans_nodes, take_checkpoint},
            stream_limit::too_many_streams,
        },
        streaming::{
            body::{self, Frame},
            open_log::{AuthenticatedRequest, LogAccess, OpenedLog, log_response},
        },
    },
    reader::{BegunLog, ReadError},
    stream::LogContent,
};

const DEFAULT_NAMESPACE: &str = "default";

/// The log of a pod in the namespace of the query, else in the default one.
pub(in crate::http) async fn of_pod(
    asked: AuthenticatedRequest,
    pod: Path<String>,
) -> Result<HttpResponse> {
    let mut query = Query::parse(asked.request.query_string());
    let namespace = query.take("namespace").unwrap_or_else(|| DEFAULT_NAMESPACE.to_owned());
    answer(asked, query, [&namespace, &pod]).await
}

pub(in crate::http) async fn of_pod_in_namespace(
    asked: AuthenticatedRequest,
    path: Path<(String, String)>,
) -> Result<HttpResponse> {
    let query = Query::parse(asked.request.query_string());
    answer(asked, query, [&path.0, &path.1]).await
}

async fn answer(
    asked: AuthenticatedRequest,
    query: Query,
    [namespace, pod]: [&str; 2],
) -> Result<HttpResponse> {
    let AuthenticatedRequest { request, state, caller, credential, .. } = &asked;
    let pod = pod_ref(namespace, pod)?;
    let arrived = RequestContext::of(request).arrived;
    let mut last_event = last_event_id(request)?;
    let mut parameters = query;
    let checkpoint = match state.front {
        Some(_) => take_checkpoint(&mut parameters, &mut last_event),
        None => None,
    };
    let LogRequest { mut query, history, download } = log_request(parameters, last_event, arrived)?;
    if !state.reader.offers().history {
        query.history = current_only(history)?;
    }
    let form = match query.volume {
        Some(_) => accepted_volume_form(request)?,
        None => accepted_form(request, query.follow)?,
    };
    let mut response = head(form);
    if download {
        let file = format!("attachment; filename=\"{}_{}.log\"", pod.namespace, pod.pod);
        response.insert_header((header::CONTENT_DISPOSITION, file));
    }
    let record = |error: &ReadError| asked.record_refusal(error, &pod);
    caller.may_read(&pod).map_err(ReadError::Denied).inspect_err(record)?;
    if let Some(front) = state.front.clone() {
        if checkpoint.is_some() || spans_nodes(&front, &pod, &query) {
            let asked_for = IncarnationsQuery { pod, query, checkpoint, form };
            let answer = of_incarnations(asked, &front, asked_for, response);
            return Box::pin(answer).await;
        }
        // Boxed, as above, so that reads of files do without its room.
        return Box::pin(forward(asked, &front, pod, &query, form, response)).await;
    }
    if request.method() == Method::HEAD {
        state.reader.check(caller, &pod, &query).await?;
        return Ok(body::without_body(response));
    }
    let Some(permit) = state.streams.open(&caller.username, credential) else {
        return Err(too_many_streams(state.streams.max_per_user()));
    };
    let admitted = state.audit.admit()?;
    let (follows, until) = (query.follow, query.filter.until);
    let BegunLog { log, uid, containers } =
        state.reader.open(caller, pod.clone(), query, form).await?;
    let frame = match form {
        LogForm::JsonString => {
            let (namespace, name) = (pod.namespace.as_str(), pod.pod.as_str());
            LogEnvelope::new(caller, namespace, name, container_of(&containers)).frame()?
        }
        _ => Frame::default(),
    };
    let (target, format) = (target_of(&pod, &uid, &containers), form.into());
    let access = LogAccess::Pod(pod);
    let log = log.into();
    let opened = OpenedLog { log, access, target, format, follows, until, permit, admitted };
    log_response(asked, opened, response, frame).map_err(Problem::internal)
}

/// The history of a source that has no other than the current file.
pub(super) fn current_only(history: Option<History>) -> Result<History> {
    match history {
        None | Some(History::Current) => Ok(History::Current),
        Some(History::Rotated | History::All) => Err(Problem::new(
            StatusCode::UNPROCESSABLE_ENTITY,
            "history_unavailable",
            "The API server gives the current file of a log only.",
        )),
    }
}

/// Answers with what the node of the pod answers.
async fn forward(
    asked: AuthenticatedRequest,
    front: &FrontReader,
    pod: PodRef,
    query: &LogQuery,
    form: LogForm,
    mut response: HttpResponseBuilder,
) -> Result<HttpResponse> {
    let AuthenticatedRequest { request, state, caller, credential, .. } = &asked;
    let uid = query.uid.as_ref().or(query.anchor.as_ref().map(|anchor| &anchor.cursor().uid));
    let history = query.history;
    let log = PodLog { pod: &pod, uid, history, form, media_type: content_type(form) };
    let question = forwarding::question(request, caller, media_type(form), !form.has_words());
    if request.method() == Method::HEAD {
        let refused = front.check(&log, &question).await?.map(forwarding::refusal);
        return Ok(refused.unwrap_or_else(|| body::without_body(response)));
    }
    let Some(permit) = state.streams.open(&caller.username, credential) else {
        return Err(too_many_streams(state.streams.max_per_user()));
    };
    let admitted = state.audit.admit()?;
    let (log, headers, node) = match front.forward(&log, &question).await? {
        NodeAnswer::Log { log, headers, node } => (log, headers, node),
        NodeAnswer::Refusal(refused) => return Ok(forwarding::refusal(refused)),
    };
    forwarding::add_headers(&mut response, &headers);
    if history == History::All && uid.is_none() {
        // Earlier incarnations may be there.
        forwarding::warn_of_missing(&mut response, &front.missing());
    }
    let container = match &query.container {
        ContainerChoice::Named(name) => Some(name.as_str()),
        ContainerChoice::All => Some("*"),
        ContainerChoice::Only => None,
    };
    let opened = OpenedLog {
        log: LogContent::Forwarded(log),
        target: forwarded_target(&pod, container, query.uid.as_ref(), &node),
        access: LogAccess::Pod(pod),
        format: form.into(),
        follows: query.follow,
        until: None,
        permit,
        admitted,
    };
    log_response(asked, opened, response, Frame::default()).map_err(Problem::internal)
}

pub(super) fn head(form: LogForm) -> HttpResponseBuilder {
    let mut response = HttpResponse::Ok();
    response
        .content_type(content_type(form))
        .insert_header((header::CACHE_CONTROL, "no-store"))
        .insert_header((header::X_CONTENT_TYPE_OPTIONS, "nosniff"));
    response
}

fn content_type(form: LogForm) -> &'static str {
    match form {
        LogForm::Text => "text/plain; charset=utf-8",
        form => media_type(form),
    }
}

/// The cursor after which a client resumes an event stream.
pub(super) fn last_event_id(request: &HttpRequest) -> Result<Option<&str>> {
    let Some(value) = request.headers().get("last-event-id") else {
        return Ok(None);
    };
    let text = value.to_str().map_err(|_| {
        Problem::new(StatusCode::BAD_REQUEST, "bad_cursor", "Last-Event-ID is not a cursor.")
    })?;
    Ok((!text.is_empty()).then_some(text))
}

/// Parses the names; one that is not a Kubernetes name is 400.
fn pod_ref(namespace: &str, pod: &str) -> Result<PodRef> {
    let mut faults = InputFaults::default();
    let namespace = name(namespace).map_err(|fault| faults.unreadable("namespace", fault));
    let pod = name(pod).map_err(|fault| faults.unreadable("pod", fault));
    match (namespace, pod) {
        (Ok(namespace), Ok(pod)) => Ok(PodRef { namespace, pod }),
        _ => Err(faults.into_problem()),
    }
}
