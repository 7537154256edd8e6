//! Visitors of pages.

use actix_web::{HttpRequest, ResponseError, http::StatusCode};
use service_runtime::{
    http::{Authenticate, Problem, Result},
    telemetry::RequestSpan,
};

use super::{
    credential::{required, token_of},
    services::services,
};
use crate::{authority::SessionAuthority, sessions::Principal, site::Site};

/// A visitor of a page: a user with a live session, or a stranger.
pub(in crate::http) struct Visitor(pub(in crate::http) Option<Principal>);

impl Authenticate for Visitor {
    type Refusal = Problem;

    fn authenticate(request: &HttpRequest) -> impl Future<Output = Result<Self>> + 'static {
        let request = request.clone();
        async move {
            let (authority, site) = services(&request)?;
            Self::of(&request, authority, site).await
        }
    }
}

impl Visitor {
    /// The visitor who sent a request.
    ///
    /// # Errors
    /// When the credential is unknown or ambiguous: such a visitor is not taken for a stranger.
    pub(in crate::http) async fn of(
        request: &HttpRequest,
        authority: &SessionAuthority,
        site: &Site,
    ) -> Result<Self> {
        match principal(request, authority, site).await {
            Ok(principal) => {
                RequestSpan::current().record_user(&*principal.account.username);
                Ok(Self(Some(principal)))
            }
            Err(problem) if problem.status_code() == StatusCode::UNAUTHORIZED => Ok(Self(None)),
            Err(problem) => Err(problem),
        }
    }
}

async fn principal(
    request: &HttpRequest,
    authority: &SessionAuthority,
    site: &Site,
) -> Result<Principal> {
    let token = required(token_of(request, authority, site).await?)?;
    Ok(authority.principal(&token).await?)
}
