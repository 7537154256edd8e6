//! `GET …/pods/{pod}/log`: a log in the kubelet's bytes, over HTTP or a WebSocket; or as text of
//! whole lines if the content of a line decides whether it is wanted.

use actix_web::{HttpRequest, HttpResponse, HttpResponseBuilder, http::header, web::Path};
use chrono::{DateTime, Utc};
use pod_logs::{
    ContainerChoice, ContainerName, LineFilter, LocateError, LogForm, LogQuery, OutputLimit,
    PassError, PodRef, PodSurvey,
};
use service_runtime::http::RequestContext;

use crate::{
    audit::AdmittedRead,
    auth::Caller,
    front_reader::{ForwardError, FrontReader, NodeAnswer, PodLog},
    http::{
        GatewayState,
        audited::{forwarded_target, target_of},
        forwarding,
        kubernetes::{
            answer::passed_answer,
            log::{
                options::{LogOptions, ValidOptions},
                upgrade::{self, Handshake},
                websocket,
            },
            request::accept,
            status::{ResourceAction, Result, StatusError},
            survey::{catalog, survey},
        },
        streaming::{
            body::Frame,
            open_log::{AuthenticatedRequest, LogAccess, OpenedLog, log_response},
        },
    },
    metrics::BodyFormat,
    reader::{BegunLog, LogReader, PassedReadError, ReadError},
    stream::LogContent,
    streams::StreamPermit,
    unavailable_source::UnavailableSource,
};

const MEDIA_TYPE: &str = "text/plain";

/// Checks in the API server's order: permission, accepted type, syntax of the options, their
/// values, the pod, the container. Every failure is reported before the 200 or the 101 is sent.
pub(in crate::http) async fn read(
    asked: AuthenticatedRequest,
    path: Path<(String, String)>,
) -> Result<HttpResponse> {
    let AuthenticatedRequest { request, state, caller, credential, .. } = &asked;
    let (namespace, name) = path.into_inner();
    if !caller.may_read_named(&namespace, &name) {
        asked.record_denied(&namespace, &name);
        return Err(StatusError::forbidden(&caller.username, action(&namespace, &name)));
    }
    accept::check_log(request)?;
    let options = LogOptions::decode(request.query_string())?;
    let valid = options.validate(&name, RequestContext::of(request).arrived)?;
    let no_pod = || StatusError::not_found("pods", &name);
    let (Ok(namespace), Ok(pod)) = (namespace.parse(), name.parse()) else {
        return Err(no_pod());
    };
    let pod = PodRef { namespace, pod };
    let (query, until) = (query(&options), valid.kubelet.until);
    let Some(permit) = state.streams.open(&caller.username, credential) else {
        return Err(StatusError::too_many_requests(state.streams.max_per_user()));
    };
    let admitted = state.audit.admit().map_err(|_| StatusError::not_audited())?;
    if let Some(front) = state.front.clone() {
        let places = (permit, admitted);
        return forward(asked, &front, pod, &options, until, places).await;
    }
    if !state.reader.offers().history {
        options.check_current_only(&name)?;
        if valid.is_of_kubelet() {
            let passed = state.reader.pass(caller, &pod, options.passed(&valid.kubelet)).await;
            return match passed {
                Ok(BegunLog { log, uid, containers }) => {
                    let target = target_of(&pod, &uid, &containers);
                    let (format, access) = (BodyFormat::Kubernetes, LogAccess::Pod(pod));
                    let (log, follows) = (log.into(), options.follow);
                    let opened =
                        OpenedLog { log, access, target, format, follows, until, permit, admitted };
                    respond(asked, opened, head())
                }
                Err(error) => passed_refusal(error, caller, &pod),
            };
        }
    }
    let opened = match container(&options) {
        Ok(container) => {
            let query = LogQuery { container, ..query };
            open(&state.reader, caller, &pod, query, valid).await
        }
        // An invalid container name is reported as an unknown container, if the pod exists.
        Err(()) => state
            .reader
            .check(caller, &pod, &LogQuery { container: ContainerChoice::All, ..query })
            .await
            .and(Err(LocateError::NoContainer(Vec::new()).into())),
    };
    let BegunLog { log, uid, containers } = match opened {
        Ok(log) => log,
        Err(error) => {
            let container = match &options.container {
                Some(name) => name.clone(),
                None => only_container(request, state, caller, &pod).await,
            };
            return Err(refusal(&error, caller, &pod, &container));
        }
    };
    let (target, format) = (target_of(&pod, &uid, &containers), BodyFormat::Kubernetes);
    let follows = options.follow;
    let access = LogAccess::Pod(pod);
    let log = log.into();
    let opened = OpenedLog { log, access, target, format, follows, until, permit, admitted };
    respond(asked, opened, head())
}

/// Answers with what the node of the pod answers: to a WebSocket as well, of which the node knows
/// nothing.
async fn forward(
    asked: AuthenticatedRequest,
    front: &FrontReader,
    pod: PodRef,
    options: &LogOptions,
    until: Option<DateTime<Utc>>,
    (permit, admitted): (StreamPermit, AdmittedRead),
) -> Result<HttpResponse> {
    let AuthenticatedRequest { request, caller, .. } = &asked;
    let is_socket = upgrade::is_asked_for(request.head());
    let (history, form) = (options.history, LogForm::Text);
    let log = PodLog { pod: &pod, uid: None, history, form, media_type: MEDIA_TYPE };
    // The log is not among what the API server negotiates.
    let question = forwarding::question(request, caller, "*/*", !is_socket);
    let container = options.container.as_deref();
    let answer = front.forward(&log, &question).await;
    let answer = answer.map_err(|error| match error {
        ForwardError::Read(error) => refusal(&error, caller, &pod, container.unwrap_or_default()),
        ForwardError::SeveralNodes => StatusError::bad_request(error.to_string()),
    });
    let (log, headers, node) = match answer? {
        NodeAnswer::Log { log, headers, node } => (log, headers, node),
        NodeAnswer::Refusal(refused) => return Ok(forwarding::refusal(refused)),
    };
    let mut response = head();
    forwarding::add_headers(&mut response, &headers);
    let opened = OpenedLog {
        log: LogContent::Forwarded(log),
        target: forwarded_target(&pod, container, None, &node),
        access: LogAccess::Pod(pod),
        format: BodyFormat::Kubernetes,
        follows: options.follow,
        until,
        permit,
        admitted,
    };
    respond(asked, opened, response)
}

fn head() -> HttpResponseBuilder {
    let mut response = HttpResponse::Ok();
    response.content_type(MEDIA_TYPE).insert_header((header::CACHE_CONTROL, "no-store"));
    response
}

/// Answers with the log, over a WebSocket if one is asked for.
fn respond(
    asked: AuthenticatedRequest,
    opened: OpenedLog,
    response: HttpResponseBuilder,
) -> Result<HttpResponse> {
    if upgrade::is_asked_for(asked.request.head()) {
        let handshake = Handshake::with(asked.request.head())?;
        return Ok(websocket::log_response(handshake, asked, opened));
    }
    log_response(asked, opened, response, Frame::default())
        .map_err(|error| StatusError::internal(&error))
}

/// Opens the log as the kubelet gives it; or the lines that a filter chooses by their content.
async fn open(
    reader: &LogReader,
    caller: &Caller,
    pod: &PodRef,
    query: LogQuery,
    options: ValidOptions,
) -> std::result::Result<BegunLog, ReadError> {
    let chooses_by_content = options.chooses_by_content();
    let ValidOptions { kubelet, patterns, level } = options;
    if !chooses_by_content {
        return reader.open_as_kubelet(caller, pod, &query, kubelet).await;
    }
    let query = LogQuery {
        filter: LineFilter {
            stream: kubelet.stream,
            since: kubelet.since,
            until: kubelet.until,
            patterns,
            level,
            shows_levels: false,
            context: 0,
        },
        tail: kubelet.tail_lines,
        limit: OutputLimit { bytes: kubelet.limit_bytes, lines: None },
        timestamps: kubelet.timestamps,
        ..query
    };
    reader.open(caller, pod.clone(), query, LogForm::Text).await
}

/// What the API server answers in the place of a log.
fn passed_refusal(error: PassedReadError, caller: &Caller, pod: &PodRef) -> Result<HttpResponse> {
    match error {
        PassedReadError::Read(error) => Err(refusal(&error, caller, pod, "")),
        PassedReadError::Pass(PassError::Answer(answer)) => Ok(passed_answer(answer)),
        PassedReadError::Pass(PassError::Api(error)) => {
            Err(StatusError::source_unavailable(UnavailableSource::ApiServer, &error))
        }
    }
}

fn action<'a>(namespace: &'a str, name: &'a str) -> ResourceAction<'a> {
    let (name, namespace) = (Some(name), Some(namespace));
    ResourceAction { verb: "get", group: "", resource: "pods/log", name, namespace }
}

/// The kubelet's reading selects the lines.
fn query(options: &LogOptions) -> LogQuery {
    LogQuery {
        previous: options.previous,
        history: options.history,
        follow: options.follow,
        ..LogQuery::default()
    }
}

fn container(options: &LogOptions) -> std::result::Result<ContainerChoice, ()> {
    match &options.container {
        None => Ok(ContainerChoice::Only),
        Some(name) => name.parse().map(ContainerChoice::Named).map_err(|_| ()),
    }
}

/// The container to read when the request names none; empty if that is not known.
async fn only_container(
    request: &HttpRequest,
    state: &GatewayState,
    caller: &Caller,
    pod: &PodRef,
) -> String {
    let pods = catalog(state, caller, Some(pod.namespace.as_str()), "pods").await;
    let survey = match pods {
        Ok(pods) => survey(request, &pods).await.unwrap_or_default(),
        Err(_) => PodSurvey::default(),
    };
    let seen = survey.pods.get(&(pod.namespace.to_string(), pod.pod.to_string()));
    let container = seen.and_then(|pod| pod.containers.first());
    container.map(|container| container.name.to_string()).unwrap_or_default()
}

/// The reason for a missing log, in the words of the API server and the kubelet.
fn refusal(error: &ReadError, caller: &Caller, pod: &PodRef, container: &str) -> StatusError {
    use LocateError::{NodeUnavailable, ServerUnavailable, SourceUnavailable};
    let (namespace, name) = (pod.namespace.as_str(), pod.pod.as_str());
    match error {
        ReadError::Denied(_) => StatusError::forbidden(&caller.username, action(namespace, name)),
        ReadError::TooManyScans => StatusError::too_many_scans(),
        ReadError::Busy => StatusError::busy(),
        ReadError::Unavailable(error) => match error {
            LocateError::NoPod => StatusError::not_found("pods", name),
            LocateError::ContainerRequired(there) => StatusError::bad_request(format!(
                "a container name must be specified for pod {name}, choose one of: [{}]",
                there.iter().map(ContainerName::as_str).collect::<Vec<_>>().join(" ")
            )),
            LocateError::NoContainer(_) => StatusError::bad_request(format!(
                "container {container} is not valid for pod {name}"
            )),
            // Its directory is made before the container is.
            LocateError::NoLog => StatusError::bad_request(format!(
                "container \"{container}\" in pod \"{name}\" is waiting to start: ContainerCreating"
            )),
            LocateError::NoPrevious => StatusError::bad_request(format!(
                "previous terminated container \"{container}\" in pod \"{name}\" not found"
            )),
            LocateError::NotALog(_) => StatusError::no_log(name, container),
            SourceUnavailable(cause) | ServerUnavailable(cause) | NodeUnavailable(cause) => {
                StatusError::source_unavailable(UnavailableSource::of(error), cause)
            }
            LocateError::Refused(reason) => StatusError::bad_request(reason),
            LocateError::Forbidden(_) => {
                StatusError::forbidden(&caller.username, action(namespace, name))
            }
            error => StatusError::internal(error),
        },
    }
}
