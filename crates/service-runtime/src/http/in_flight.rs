//! Requests until they are answered: one whose answer takes its time is in flight until the
//! answer's body ends.

use std::{
    error::Error,
    pin::Pin,
    rc::Rc,
    task::{Context, Poll},
};

use actix_web::{
    body::{BodySize, BoxBody, MessageBody},
    dev::{ServiceRequest, ServiceResponse},
    middleware::Next,
    web::Bytes,
};

use super::request_body::RequestBody;
use crate::{
    metrics::InFlight,
    server::{ConnectionState, Exchange},
    telemetry::RequestSpan,
};

/// Resources that a request holds until it is answered.
pub(super) struct HeldResources {
    /// The request's own body, if it has one.
    body: Option<RequestBody>,
    /// Its place on the connection; `None` in tests without a server.
    _exchange: Option<Exchange>,
    _in_flight: Option<InFlight>,
}

impl HeldResources {
    pub(super) fn of(request: &mut ServiceRequest, in_flight: Option<InFlight>) -> Self {
        Self {
            _exchange: request.conn_data::<Rc<ConnectionState>>().map(ConnectionState::begin),
            body: RequestBody::watch(request),
            _in_flight: in_flight,
        }
    }

    /// Whether a part of the request was not read.
    fn is_unread(&self) -> bool {
        self.body.as_ref().is_some_and(RequestBody::is_unread)
    }
}

/// Holds the request in flight, as the edge does: for a listener without an edge.
///
/// # Errors
/// When a middleware inside of it fails.
pub(crate) async fn hold(
    mut request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<BoxBody>, actix_web::Error> {
    let held = HeldResources::of(&mut request, None);
    Ok(until_sent(next.call(request).await?.map_into_boxed_body(), held, RequestSpan::default()))
}

/// Keeps all of this until the answer's body has been sent. A complete body counts as sent.
pub(super) fn until_sent(
    response: ServiceResponse,
    held: HeldResources,
    span: RequestSpan,
) -> ServiceResponse {
    if response.response().body().size() != BodySize::Stream && !held.is_unread() {
        return response;
    }
    response.map_body(|_, body| BoxBody::new(ReleasingBody { body, span, _held: held }))
}

struct ReleasingBody {
    body: BoxBody,
    span: RequestSpan,
    _held: HeldResources,
}

impl MessageBody for ReleasingBody {
    type Error = Box<dyn Error>;

    fn size(&self) -> BodySize {
        self.body.size()
    }

    fn poll_next(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Bytes, Self::Error>>> {
        let Self { body, span, .. } = self.get_mut();
        span.in_scope(|| body.as_pin_mut().poll_next(context))
    }
}
