//! No answer before the authority vouched for the caller.

use std::rc::Rc;

use actix_web::{
    Error, HttpMessage,
    body::{BoxBody, MessageBody},
    dev::{ServiceRequest, ServiceResponse},
    http::StatusCode,
    middleware::Next,
    web,
};
use service_runtime::http::{Problem, RequestContext, Result};
use shared_types::BearerToken;

use super::GatewayState;
use crate::auth::{Caller, Refusal};

/// Middleware: asks the authority about the token in the header or a cookie, and hands the
/// [`Caller`] to the handler.
pub(super) async fn authenticate(
    state: web::Data<GatewayState>,
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<BoxBody>, Error> {
    match identify(&state, &request).await {
        Ok((caller, token)) => {
            request.extensions_mut().insert(caller);
            request.extensions_mut().insert(token);
            Ok(next.call(request).await?.map_into_boxed_body())
        }
        // An answer rather than an error, so that the edge gives it its id.
        Err(problem) => Ok(request.error_response(problem)),
    }
}

async fn identify(
    state: &GatewayState,
    request: &ServiceRequest,
) -> Result<(Caller, Rc<BearerToken>)> {
    let token = Rc::new(state.cookies.token_of(request.headers())?);
    let context = RequestContext::of(request.request());
    let caller = state.authority.identify(&token, &context).await;
    let caller = caller.map_err(|refusal| match refusal {
        Refusal::Invalid => Problem::invalid_token(),
        Refusal::Forbidden => Problem::new(
            StatusCode::FORBIDDEN,
            "permission_denied",
            "The authority does not permit this token here.",
        ),
        Refusal::Unknown(cause) => Problem::unavailable(
            "sso_unavailable",
            "Whether the token is valid cannot be told right now; try again.",
        )
        .caused_by(cause),
    })?;
    Ok((caller, token))
}
