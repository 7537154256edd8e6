//! `POST /k8s/tokenreview`: the webhook of kube-apiserver for bearer tokens.

use actix_web::{
    HttpRequest, HttpResponse,
    web::{Data, Payload},
};
use service_runtime::http::{
    Authenticated, ContentType, RequestContext, Result, content_type, read_body,
    unsupported_media_type,
};
use shared_types::{BearerToken, NamePrefix};

use super::wire::{ReviewAnswer, ReviewRequest};
use crate::{
    authority::{Holder, SessionAuthority, TokenRefusal},
    http::{
        caller::introspector::Introspector,
        wire::{response::private, source::source},
    },
    kubernetes::KubernetesUser,
};

/// Tells a cluster the user of a token. The query is not read: the API server adds its own
/// parameters, such as `timeout`.
pub(in crate::http) async fn token_review(
    Authenticated(caller): Authenticated<Introspector>,
    request: HttpRequest,
    body: Payload,
    authority: Data<SessionAuthority>,
    prefix: Data<NamePrefix>,
) -> Result<HttpResponse> {
    let review = read_review(&request, body).await?;
    caller.check_again().await?;
    let holder = holder_of(&review.token, &request, &authority).await?;
    let user = holder.map(|holder| KubernetesUser::of(&holder.account, &prefix));
    Ok(private(&ReviewAnswer::new(review.version, user)))
}

async fn read_review(request: &HttpRequest, body: Payload) -> Result<ReviewRequest> {
    if content_type(request)? != Some(ContentType::Json) {
        return Err(unsupported_media_type());
    }
    ReviewRequest::parse(&read_body(body).await?)
}

/// The holder of a valid token; `None` for any other text.
///
/// # Errors
/// When the token can be neither accepted nor refused.
async fn holder_of(
    token: &str,
    request: &HttpRequest,
    authority: &SessionAuthority,
) -> Result<Option<Holder>> {
    let Ok(token) = BearerToken::parse(token.as_bytes()) else {
        return Ok(None);
    };
    match authority.validate(&token, None, source(&RequestContext::of(request))).await {
        Ok(holder) => Ok(Some(holder)),
        Err(TokenRefusal::InvalidToken) => Ok(None),
        Err(refusal) => Err(refusal.into()),
    }
}
