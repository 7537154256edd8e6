//! Bodies of requests that are answered before they were read.

use std::{
    cell::{Cell, RefCell},
    pin::Pin,
    rc::Rc,
    task::{Context, Poll},
};

use actix_web::{
    HttpMessage,
    dev::{Payload, ServiceRequest},
    error::PayloadError,
    web::Bytes,
};
use futures_util::{Stream, StreamExt};

/// Keeps hold of a request's body. When a body is dropped unread, the server reads the rest of it
/// for as long as the client sends, and the client may take for ever. When it is kept until the
/// answer is given, the server closes the connection instead.
#[derive(Clone)]
pub(super) struct RequestBody(Rc<Body>);

struct Body {
    payload: RefCell<Payload>,
    /// Whether all of it was read, or it failed.
    is_over: Cell<bool>,
}

impl RequestBody {
    /// Takes part in the request's body, if it has one.
    pub(super) fn watch(request: &mut ServiceRequest) -> Option<Self> {
        let payload = match request.take_payload() {
            Payload::None => return None,
            payload => RefCell::new(payload),
        };
        let body = Self(Rc::new(Body { payload, is_over: Cell::new(false) }));
        request.set_payload(Payload::Stream { payload: Box::pin(body.clone()) });
        Some(body)
    }

    pub(super) fn is_unread(&self) -> bool {
        !self.0.is_over.get()
    }
}

impl Stream for RequestBody {
    type Item = Result<Bytes, PayloadError>;

    fn poll_next(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let next = self.0.payload.borrow_mut().poll_next_unpin(context);
        if matches!(next, Poll::Ready(None | Some(Err(_)))) {
            self.0.is_over.set(true);
        }
        next
    }
}
