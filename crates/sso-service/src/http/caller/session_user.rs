//! Users at endpoints for their own account.

use actix_web::HttpRequest;
use service_runtime::{
    http::{Authenticate, Problem, Result},
    telemetry::RequestSpan,
};

use super::{
    credential::{required, token_by_method},
    services::services,
};
use crate::sessions::Principal;

/// A user with a live session. An API key is refused: it has none.
///
/// A cookie counts for a change only after the check for foreign pages.
pub(in crate::http) struct SessionUser(pub(in crate::http) Principal);

impl Authenticate for SessionUser {
    type Refusal = Problem;

    fn authenticate(request: &HttpRequest) -> impl Future<Output = Result<Self>> + 'static {
        let request = request.clone();
        async move { authenticate(&request).await.map(Self) }
    }
}

async fn authenticate(request: &HttpRequest) -> Result<Principal> {
    let (authority, site) = services(request)?;
    let token = required(token_by_method(request, authority, site).await?)?;
    let principal = authority.principal(&token).await?;
    RequestSpan::current().record_user(&*principal.account.username);
    Ok(principal)
}
