//! The outermost middleware: gives each request an id and a span, counts it, and renders errors as
//! problems.

use std::{
    rc::Rc,
    sync::{Arc, OnceLock},
    time::{Duration, Instant},
};

use actix_web::{
    HttpMessage, HttpResponse,
    body::{BodySize, BoxBody, MessageBody},
    dev::{ServiceRequest, ServiceResponse},
    http::{
        ConnectionType, StatusCode, Version,
        header::{HeaderValue, SERVER},
    },
    middleware::Next,
};
use tracing::Level;

use super::{
    context::{ClientNote, RequestContext},
    in_flight::{HeldResources, until_sent},
    known_routes::KnownRoutes,
};
use crate::{
    clock::Clock,
    metrics::{HttpMetrics, WorkerMetrics},
    network::TrustedProxies,
    problem::{Problem, REQUEST_ID},
    server::ConnectionState,
    telemetry::{RequestLabels, RequestSpan},
};

/// The edge of a service, of which each worker has a part.
#[derive(Debug, Clone)]
pub struct Edge {
    clock: Arc<dyn Clock>,
    metrics: HttpMetrics,
    trusted_proxies: TrustedProxies,
}

impl Edge {
    /// The edge of one service.
    #[must_use]
    pub fn new(clock: Arc<dyn Clock>, metrics: HttpMetrics, proxies: TrustedProxies) -> Self {
        Self { clock, metrics, trusted_proxies: proxies }
    }

    /// The part of one more worker.
    #[must_use]
    pub fn of_worker(self) -> Rc<WorkerEdge> {
        Rc::new(WorkerEdge {
            clock: self.clock,
            metrics: Rc::new(self.metrics.of_worker()),
            trusted_proxies: self.trusted_proxies,
            routes: KnownRoutes::default(),
        })
    }
}

/// The outermost middleware of a worker's app:
/// `App::new().wrap(from_fn(move |request, next| edge.clone().pass(request, next)))`.
///
/// It shares little with other workers, since workers wait for each other about shared state.
#[derive(Debug)]
pub struct WorkerEdge {
    clock: Arc<dyn Clock>,
    metrics: Rc<WorkerMetrics>,
    trusted_proxies: TrustedProxies,
    routes: KnownRoutes,
}

impl WorkerEdge {
    /// Lets one request through.
    ///
    /// # Errors
    /// When a middleware inside of it fails. What a handler fails with is an answer already.
    pub async fn pass(
        self: Rc<Self>,
        mut request: ServiceRequest,
        next: Next<impl MessageBody + 'static>,
    ) -> Result<ServiceResponse<BoxBody>, actix_web::Error> {
        let started = Instant::now();
        let held = HeldResources::of(&mut request, Some(self.metrics.clone().begin()));
        let has_trusted_certificate = has_trusted_certificate(&request);
        let client_ip = self.trusted_proxies.client_of(&request, has_trusted_certificate);
        let context = RequestContext {
            has_trusted_peer: self.trusted_proxies.trusts_peer_of(&request),
            has_trusted_certificate,
            ..RequestContext::new(request.headers(), client_ip, self.clock.now())
        };
        let request_id = context.request_id.clone();
        let span = RequestSpan::open(RequestLabels {
            request_id: request_id.clone(),
            route: self.routes.pattern_of(&request),
            method: request.method().clone(),
            client: client_ip,
            user: OnceLock::new(),
        });
        request.extensions_mut().insert(context);

        // No reference to the request is kept: the router panics while another one exists.
        let answering = span.clone().instrument(async move { next.call(request).await });
        let mut response = answering.await?.map_into_boxed_body();
        if let Some(answer) = span.in_scope(|| problem_answer(&response, &request_id)) {
            response = answer_in_place_of(response, answer);
        }
        // The id is visible ASCII, so it is a header value.
        if let Ok(id) = HeaderValue::from_str(&request_id) {
            response.headers_mut().insert(REQUEST_ID, id);
        }
        response.headers_mut().remove(SERVER);

        let (status, elapsed) = (response.status().as_u16(), started.elapsed());
        if tracing::enabled!(Level::DEBUG) {
            span.in_scope(|| record(&response, elapsed));
        }
        self.metrics.count(span.route(), status, elapsed);
        if is_delimited_by_close(&response) {
            let head = response.response_mut().head_mut();
            head.no_chunking(true);
            head.set_connection_type(ConnectionType::Close);
        }
        Ok(until_sent(response, held, span))
    }
}

/// Whether the client showed a certificate of a trusted client.
fn has_trusted_certificate(request: &ServiceRequest) -> bool {
    let connection = request.conn_data::<Rc<ConnectionState>>();
    connection.is_some_and(|connection| connection.has_trusted_certificate())
}

/// Whether only the end of the connection can tell the client where the body ends: HTTP/1.0 knows
/// no chunks.
fn is_delimited_by_close(response: &ServiceResponse<BoxBody>) -> bool {
    response.request().version() < Version::HTTP_11
        && response.response().body().size() == BodySize::Stream
}

/// Logs how a request ended.
fn record(response: &ServiceResponse<BoxBody>, elapsed: Duration) {
    let status = response.status().as_u16();
    let client = response.request().extensions().get::<ClientNote>().cloned();
    let ClientNote { command, session } = client.unwrap_or_default();
    tracing::debug!(status, ?elapsed, command, session, "answered");
}

/// The answer, with the headers that middleware gave to the one before it.
fn answer_in_place_of(
    response: ServiceResponse<BoxBody>,
    mut answer: HttpResponse,
) -> ServiceResponse<BoxBody> {
    for (name, value) in response.headers() {
        if !answer.headers().contains_key(name) {
            answer.headers_mut().append(name.clone(), value.clone());
        }
    }
    response.into_response(answer)
}

/// The problem to answer with where the response stems from an error.
fn problem_answer(response: &ServiceResponse, request_id: &str) -> Option<HttpResponse> {
    let error = response.response().error()?;
    let Some(problem) = error.as_error::<Problem>() else {
        return Some(of_status(response.status()).to_response(request_id));
    };
    if let Some(cause) = problem.cause() {
        let code = problem.code();
        tracing::error!(code, error = cause.to_string(), "request failed");
    }
    Some(problem.to_response(request_id))
}

/// The framework's own refusals, such as a path that is not UTF-8.
fn of_status(status: StatusCode) -> Problem {
    match status {
        StatusCode::NOT_FOUND => super::endpoint::no_such_path(),
        StatusCode::PAYLOAD_TOO_LARGE => super::body::too_large(),
        status if status.is_client_error() => {
            Problem::new(status, "bad_request", "The request cannot be read.")
        }
        _ => Problem::internal("the framework failed"),
    }
}
