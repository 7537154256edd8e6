//! Answers that take their time: they count as requests in flight until their bodies end.

use std::{
    error::Error,
    pin::Pin,
    task::{Context, Poll},
};

use actix_web::{
    body::{BodySize, BoxBody, MessageBody},
    dev::ServiceResponse,
    web::Bytes,
};

use crate::metrics::InFlight;

/// Keeps the request in flight for as long as the answer's body is given out. One that is there as
/// a whole is as good as given.
pub(super) fn until_given(response: ServiceResponse, in_flight: InFlight) -> ServiceResponse {
    if response.response().body().size() != BodySize::Stream {
        return response;
    }
    response.map_body(|_, body| BoxBody::new(Given { body, _in_flight: in_flight }))
}

struct Given {
    body: BoxBody,
    _in_flight: InFlight,
}

impl MessageBody for Given {
    type Error = Box<dyn Error>;

    fn size(&self) -> BodySize {
        self.body.size()
    }

    fn poll_next(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Bytes, Self::Error>>> {
        self.get_mut().body.as_pin_mut().poll_next(context)
    }
}
