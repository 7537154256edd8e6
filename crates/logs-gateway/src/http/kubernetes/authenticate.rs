//! Authenticates requests to the Kubernetes API, and turns every failure there into a `Status`.

use std::rc::Rc;

use actix_web::{
    Error, HttpMessage,
    body::{BoxBody, MessageBody},
    dev::{ServiceRequest, ServiceResponse},
    middleware::Next,
    web,
};
use service_runtime::{
    http::{RequestContext, authorization},
    telemetry::RequestSpan,
};

use crate::{
    auth::{Caller, Credential, IdentifyError},
    http::{
        GatewayState,
        forwarded::{forwarded_caller, was_forwarded},
        kubernetes::{
            log::upgrade,
            request::{accept::status_form, kubectl_headers},
            status::{Result, StatusError},
        },
    },
};

/// Middleware: asks the authority about the bearer token, or takes the word of a front, and hands the
/// [`Caller`] to the handler.
/// A cookie is not a credential here.
pub(super) async fn authenticate(
    state: web::Data<GatewayState>,
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> std::result::Result<ServiceResponse<BoxBody>, Error> {
    request.extensions_mut().insert(kubectl_headers::note(request.headers()));
    match identify(&state, &request).await {
        Ok((caller, credential)) => {
            RequestSpan::current().record_user(caller.username.clone());
            request.extensions_mut().insert(caller);
            request.extensions_mut().insert(credential);
            Ok(with_status_body(next.call(request).await?.map_into_boxed_body()))
        }
        Err(status) => {
            let form = status_form(request.request());
            Ok(request.into_response(status.to_response(form)))
        }
    }
}

async fn identify(state: &GatewayState, request: &ServiceRequest) -> Result<(Caller, Credential)> {
    if state.nodes.is_some() && was_forwarded(request.headers()) {
        return Err(StatusError::loop_detected());
    }
    let forwarded = forwarded_caller(request);
    if let Some(caller) = forwarded.map_err(|bad| StatusError::bad_request(bad.to_string()))? {
        return Ok((caller, Credential::Front));
    }
    let context = RequestContext::of(request.request());
    let in_header = authorization(request.headers()).ok().flatten();
    // A browser cannot set the header, and sends the token as a WebSocket protocol.
    for token in [in_header, upgrade::token(request.head())].into_iter().flatten() {
        let token = Rc::new(token);
        match state.authority.identify(&token, &context).await {
            Ok(caller) => return Ok((caller, Credential::Token(token))),
            Err(IdentifyError::Invalid) => {}
            Err(error) => {
                if let IdentifyError::Unknown(cause) = &error {
                    tracing::error!(%cause, "cannot validate a token");
                }
                return Err(StatusError::from(&error));
            }
        }
    }
    Err(StatusError::unauthorized())
}

/// Turns an answer that stems from an error into a `Status`; the edge would make a problem of it.
fn with_status_body(response: ServiceResponse) -> ServiceResponse {
    let Some(error) = response.response().error() else {
        return response;
    };
    let of_framework = StatusError::of_code(response.status());
    let status = error.as_error().unwrap_or(&of_framework);
    if let Some(cause) = status.cause() {
        tracing::error!(cause, "request failed");
    }
    let answer = status.to_response(status_form(response.request()));
    response.into_response(answer)
}
