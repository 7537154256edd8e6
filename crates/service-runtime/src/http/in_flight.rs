//! Requests until they are answered: one whose answer takes its time is in flight until the
//! answer's body ends.

use std::{
    error::Error,
    pin::Pin,
    rc::Rc,
    task::{Context, Poll, ready},
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
    server::{BodyRest, ConnectionState, Exchange},
    telemetry::RequestSpan,
};

/// A complete body is handed to the connection in pieces of at most this size: the server copies
/// each into the connection's write buffer, and asks for the next when that has room.
const PIECE_BYTES: usize = 32 * 1024;

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
            _exchange: begin_exchange(request),
            body: RequestBody::watch(request),
            _in_flight: in_flight,
        }
    }

    /// Whether a part of the request was not read.
    fn is_unread(&self) -> bool {
        self.body.as_ref().is_some_and(RequestBody::is_unread)
    }
}

/// Counts the request on its connection; `None` in tests without a server.
fn begin_exchange(request: &ServiceRequest) -> Option<Exchange> {
    let connection = request.conn_data::<Rc<ConnectionState>>()?;
    Some(connection.begin(BodyRest::of(request.head())))
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

/// Keeps all of this until the answer's body has been sent. A complete body that fits into one
/// piece counts as sent.
pub(super) fn until_sent(
    response: ServiceResponse,
    held: HeldResources,
    span: RequestSpan,
) -> ServiceResponse {
    let piece = match response.response().body().size() {
        BodySize::Stream => usize::MAX,
        BodySize::Sized(length) if length > PIECE_BYTES as u64 => PIECE_BYTES,
        _ if held.is_unread() => PIECE_BYTES,
        _ => return response,
    };
    response.map_body(|_, body| {
        BoxBody::new(ReleasingBody { body, rest: Bytes::new(), piece, span, _held: held })
    })
}

struct ReleasingBody {
    body: BoxBody,
    /// What the body has given and the connection has not yet taken.
    rest: Bytes,
    /// The greatest length handed to the connection at once.
    piece: usize,
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
        let Self { body, rest, piece, span, .. } = self.get_mut();
        if rest.is_empty() {
            match ready!(span.in_scope(|| body.as_pin_mut().poll_next(context))) {
                Some(Ok(bytes)) => *rest = bytes,
                end => return Poll::Ready(end),
            }
        }
        Poll::Ready(Some(Ok(rest.split_to(rest.len().min(*piece)))))
    }
}

#[cfg(test)]
mod tests {
    use std::future::poll_fn;

    use actix_web::{HttpResponse, test::TestRequest};

    use super::*;

    async fn pieces(length: usize) -> Vec<usize> {
        let mut request = TestRequest::default().to_srv_request();
        let held = HeldResources::of(&mut request, None);
        let response = request.into_response(HttpResponse::Ok().body(vec![b'x'; length]));
        let mut body = until_sent(response, held, RequestSpan::default()).into_body();
        let mut pieces = Vec::new();
        while let Some(piece) = poll_fn(|context| Pin::new(&mut body).poll_next(context)).await {
            pieces.push(piece.expect("a complete body").len());
        }
        pieces
    }

    #[actix_web::test]
    async fn large_complete_body_is_handed_over_in_pieces() {
        assert_eq!(pieces(PIECE_BYTES).await, [32_768]);
        assert_eq!(pieces(PIECE_BYTES + 1).await, [32_768, 1]);
        assert_eq!(pieces(100_000).await, [32_768, 32_768, 32_768, 1_696]);
    }
}
