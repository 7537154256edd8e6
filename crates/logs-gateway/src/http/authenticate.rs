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
use futures_util::future::join_all;
use service_runtime::http::{Problem, RequestContext, Result, choose_live};
use shared_types::BearerToken;

use crate::{
    auth::{Caller, Refusal},
    http::GatewayState,
};

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
    let tokens = state.cookies.tokens_of(request.headers())?.into_iter().map(Rc::new);
    let context = RequestContext::of(request.request());
    choose(join_all(tokens.map(|token| ask(state, &context, token))).await)
}

async fn ask(
    state: &GatewayState,
    context: &RequestContext,
    token: Rc<BearerToken>,
) -> (Rc<BearerToken>, Result<Caller, Refusal>) {
    let answer = state.authority.identify(&token, context).await;
    (token, answer)
}

/// The one token, or of several cookies' tokens the live one. As long as the authority cannot tell
/// of one of them, it is not known which one that is.
fn choose(
    answers: Vec<(Rc<BearerToken>, Result<Caller, Refusal>)>,
) -> Result<(Caller, Rc<BearerToken>)> {
    let mut candidates = Vec::with_capacity(answers.len());
    for (place, (token, answer)) in answers.into_iter().enumerate() {
        if let Err(unknown @ Refusal::Unknown(_)) = answer {
            return Err(problem(unknown));
        }
        // Live tokens whose sessions are not named count as tokens of different ones.
        let session = answer.as_ref().ok().map(|caller| caller.session_id.ok_or(place));
        candidates.push(((token, answer), session));
    }
    let chosen = choose_live(candidates)?;
    let (token, answer) = chosen.ok_or_else(Problem::not_authenticated)?;
    Ok((answer.map_err(problem)?, token))
}

fn problem(refusal: Refusal) -> Problem {
    match refusal {
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
    }
}
