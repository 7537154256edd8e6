//! Who may come in.

use std::future::{Ready, ready};

use actix_web::{FromRequest, HttpRequest, dev::Payload, web::Data};
use service_runtime::http::{Problem, RequestContext, Result};
use shared_types::BearerToken;

use crate::{
    administration::{Actor, administer},
    authority::{Holder, SessionAuthority},
    http::{
        caller::credential::{required, token_for_change, token_of},
        wire::source::source,
    },
    site::Site,
};

/// Somebody who may administer. A handler takes it before anything else: whoever may not learns
/// nothing, not even what is wrong with the request. A cookie counts for changes only after the
/// check for foreign pages.
pub(in crate::http) struct Administrator {
    authority: Data<SessionAuthority>,
    token: BearerToken,
    holder: Holder,
    context: RequestContext,
}

impl Administrator {
    /// Who does something, and where from, once the whole request is there: its sender may have
    /// lost the right to administer while sending it. Administration asks again when it writes.
    ///
    /// # Errors
    /// When the token is not valid any more, or its user may not administer any more.
    pub(in crate::http) fn actor(&mut self) -> Result<Actor<'_>> {
        let source = source(&self.context);
        self.holder = self.authority.validate_again(&self.token, &administer(), source)?;
        Ok(Actor { holder: &self.holder, source })
    }
}

impl FromRequest for Administrator {
    type Error = Problem;
    type Future = Ready<Result<Self>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(admit(request))
    }
}

fn admit(request: &HttpRequest) -> Result<Administrator> {
    let authority = request.app_data::<Data<SessionAuthority>>();
    let (Some(authority), Some(site)) = (authority, request.app_data::<Data<Site>>()) else {
        return Err(Problem::internal("the app was put together wrongly"));
    };
    let token = match request.method().is_safe() {
        true => token_of(request, authority, site)?,
        false => token_for_change(request, authority, site)?,
    };
    let context = RequestContext::of(request);
    let token = required(token)?;
    let holder = authority.validate(&token, Some(&administer()), source(&context))?;
    Ok(Administrator { authority: authority.clone(), token, holder, context })
}
