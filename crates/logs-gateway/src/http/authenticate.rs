//! Authenticates requests to `/logs` and its siblings.

use std::rc::Rc;

use actix_web::{
    Error, HttpMessage,
    body::{BoxBody, MessageBody},
    dev::{ServiceRequest, ServiceResponse},
    middleware::Next,
    web,
};
use futures_util::future::join_all;
use service_runtime::{
    http::{Problem, RequestContext, Result, choose_live},
    telemetry::RequestSpan,
};
use shared_types::BearerToken;

use crate::{
    auth::{Caller, Credential, IdentifyError},
    http::{
        GatewayState,
        error::loop_detected,
        forwarded::{forwarded_caller, was_forwarded},
    },
};

/// Middleware: asks the authority about the token in the header or a cookie, or takes the word of a
/// front, and hands the [`Caller`] to the handler.
pub(super) async fn authenticate(
    state: web::Data<GatewayState>,
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<BoxBody>, Error> {
    match identify(&state, &request).await {
        Ok((caller, credential)) => {
            RequestSpan::current().record_user(caller.username.clone());
            request.extensions_mut().insert(caller);
            request.extensions_mut().insert(credential);
            Ok(next.call(request).await?.map_into_boxed_body())
        }
        // An answer rather than an error, so that the edge gives it its id.
        Err(problem) => Ok(request.error_response(problem)),
    }
}

async fn identify(state: &GatewayState, request: &ServiceRequest) -> Result<(Caller, Credential)> {
    if state.nodes.is_some() && was_forwarded(request.headers()) {
        return Err(loop_detected());
    }
    let forwarded = forwarded_caller(request);
    if let Some(caller) = forwarded.map_err(|bad| Problem::invalid_request(bad.to_string()))? {
        return Ok((caller, Credential::Front));
    }
    let tokens = state.cookies.tokens_of(request.headers())?.into_iter().map(Rc::new);
    let context = RequestContext::of(request.request());
    let answers = join_all(tokens.map(|token| ask(state, &context, token))).await;
    choose(answers).map(|(caller, token)| (caller, Credential::Token(token)))
}

async fn ask(
    state: &GatewayState,
    context: &RequestContext,
    token: Rc<BearerToken>,
) -> (Rc<BearerToken>, Result<Caller, IdentifyError>) {
    let answer = state.authority.identify(&token, context).await;
    (token, answer)
}

/// The only token, or of the tokens of several cookies the live one. While one of them is unknown,
/// so is the live one.
fn choose(
    answers: Vec<(Rc<BearerToken>, Result<Caller, IdentifyError>)>,
) -> Result<(Caller, Rc<BearerToken>)> {
    let mut candidates = Vec::with_capacity(answers.len());
    for (place, (token, answer)) in answers.into_iter().enumerate() {
        if let Err(unknown @ IdentifyError::Unknown(_)) = answer {
            return Err(unknown.into());
        }
        // Live tokens whose sessions are not named count as tokens of different ones.
        let session = answer.as_ref().ok().map(|caller| caller.session_id.ok_or(place));
        candidates.push(((token, answer), session));
    }
    let chosen = choose_live(candidates)?;
    let (token, answer) = chosen.ok_or_else(Problem::not_authenticated)?;
    Ok((answer?, token))
}
