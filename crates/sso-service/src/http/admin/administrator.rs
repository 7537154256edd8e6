//! Who may come in.

use std::future::{Ready, ready};

use actix_web::{FromRequest, HttpRequest, dev::Payload, web::Data};
use service_runtime::http::{Problem, RequestContext, Result};
use shared_types::AskedPermission;

use crate::{
    administration::Actor,
    authority::{Holder, SessionAuthority},
    http::{
        credential::{required, token_for_change, token_of},
        source::source,
    },
    site::Site,
};

/// What all of it takes.
const PERMISSION: &str = "sso:admin";

/// Somebody who may administer. A handler takes it before anything else: whoever may not learns
/// nothing, not even what is wrong with the request. A cookie counts for changes only after the
/// check for foreign pages.
pub(super) struct Administrator {
    holder: Holder,
    context: RequestContext,
}

impl Administrator {
    /// Who does something, and where from.
    pub(super) fn actor(&self) -> Actor<'_> {
        Actor { holder: &self.holder, source: source(&self.context) }
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
    let asked = AskedPermission::everywhere(PERMISSION);
    let holder = authority.validate(&required(token)?, Some(&asked), source(&context))?;
    Ok(Administrator { holder, context })
}
