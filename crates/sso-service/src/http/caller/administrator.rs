//! Administrators.

use actix_web::{HttpRequest, web::Data};
use service_runtime::{
    http::{Authenticate, Problem, RequestContext, Result},
    telemetry::RequestSpan,
};
use shared_types::BearerToken;

use super::{
    credential::{required, token_by_method},
    services::services,
};
use crate::{
    administration::{Actor, administer},
    authority::{Holder, SessionAuthority},
    http::wire::source::source,
};

/// A caller with the permission to administer.
///
/// A handler takes it before anything else, so that other callers learn nothing, not even what is
/// wrong with their request. A cookie counts for a change only after the check for foreign pages.
pub(in crate::http) struct Administrator {
    authority: Data<SessionAuthority>,
    token: BearerToken,
    holder: Holder,
    context: RequestContext,
}

impl Administrator {
    /// The actor of a change, authorised again now that the whole request is there: the caller may
    /// have lost the permission while sending it. Administration asks again when it writes.
    ///
    /// # Errors
    /// When the token is no longer valid, or no longer permits to administer.
    pub(in crate::http) async fn actor(&mut self) -> Result<Actor<'_>> {
        let source = source(&self.context);
        self.holder = self.authority.validate_again(&self.token, &administer(), source).await?;
        Ok(Actor::caller(&self.holder, source))
    }
}

impl Authenticate for Administrator {
    type Refusal = Problem;

    fn authenticate(request: &HttpRequest) -> impl Future<Output = Result<Self>> + 'static {
        let request = request.clone();
        async move { authenticate(&request).await }
    }
}

async fn authenticate(request: &HttpRequest) -> Result<Administrator> {
    let (authority, site) = services(request)?;
    let token = required(token_by_method(request, authority, site).await?)?;
    let context = RequestContext::of(request);
    let holder = authority.validate(&token, Some(&administer()), source(&context)).await?;
    RequestSpan::current().record_user(&*holder.account.username);
    Ok(Administrator { authority: authority.clone(), token, holder, context })
}
