//! The decision about a proxied request: its credential, and the permission that the proxy requires.

use actix_web::HttpRequest;
use service_runtime::{
    http::{Problem, Query, RequestContext, Result},
    telemetry::RequestSpan,
};
use shared_types::{AskedPermission, InvalidPermission};

use crate::{
    authority::{Holder, SessionAuthority},
    http::{
        caller::credential::{required, token_of},
        wire::source::source,
    },
    site::Site,
};

/// The parameters of a check that is configured by its query.
pub(in crate::http) struct CheckQuery {
    /// The permission that the proxy requires. Without it, any valid token is enough.
    pub(super) permission: Option<AskedPermission>,
}

impl TryFrom<Query> for CheckQuery {
    type Error = Problem;

    fn try_from(mut query: Query) -> Result<Self> {
        let permission = query.take("permission").map(|text| text.parse()).transpose();
        let permission = permission.unwrap_or_else(|fault: InvalidPermission| {
            query.faults().refuse("permission", fault.to_string());
            None
        });
        query.finish().map(|()| Self { permission })
    }
}

/// The holder of the credential of a proxied request, if it has the permission. The credential is a
/// bearer token, or a cookie: the proxied application decides about foreign pages, not this check.
///
/// # Errors
/// 400 when the credential is malformed or ambiguous, 401 when it is missing or invalid, 403 without
/// the permission, 5xx when it cannot be checked.
pub(super) async fn authorize(
    request: &HttpRequest,
    permission: Option<&AskedPermission>,
    authority: &SessionAuthority,
    site: &Site,
) -> Result<Holder> {
    let token = required(token_of(request, authority, site).await?)?;
    let context = RequestContext::of(request);
    let holder = authority.validate(&token, permission, source(&context)).await?;
    RequestSpan::current().record_user_for_debugging(&holder.account.username);
    Ok(holder)
}
