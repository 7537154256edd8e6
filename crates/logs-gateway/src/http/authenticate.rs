//! No answer before the authority vouched for the caller.

use actix_web::{
    Error, HttpMessage,
    body::MessageBody,
    dev::{ServiceRequest, ServiceResponse},
    http::StatusCode,
    middleware::Next,
    web,
};
use service_runtime::http::{Problem, RequestContext, Result, authorization};

use crate::auth::{Authority, Caller, Refusal};

/// Middleware: asks the authority about the bearer token, and hands the [`Caller`] to the handler.
pub(super) async fn authenticate(
    authority: web::Data<Authority>,
    request: ServiceRequest,
    next: Next<impl MessageBody>,
) -> Result<ServiceResponse<impl MessageBody>, Error> {
    let caller = identify(&authority, &request).await?;
    request.extensions_mut().insert(caller);
    next.call(request).await
}

async fn identify(authority: &Authority, request: &ServiceRequest) -> Result<Caller> {
    let token = authorization(request.headers())?.ok_or_else(Problem::not_authenticated)?;
    let context = RequestContext::of(request.request());
    authority
        .identify(&token, &context)
        .await
        .map_err(|refusal| match refusal {
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
        })
}
