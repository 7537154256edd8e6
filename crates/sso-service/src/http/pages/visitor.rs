//! Who looks at a page.

use actix_web::{HttpRequest, ResponseError, http::StatusCode};
use service_runtime::http::{Query, Result};

use crate::{
    authority::SessionAuthority,
    http::credential::{required, token_of},
    sessions::Principal,
    site::{Landing, Site},
};

/// Whoever is logged in. That it cannot be told is an error, and not nobody.
pub(super) fn visitor(
    request: &HttpRequest,
    authority: &SessionAuthority,
    site: &Site,
) -> Result<Option<Principal>> {
    let token = token_of(request, site).and_then(required);
    match token.and_then(|token| Ok(authority.principal(&token)?)) {
        Ok(principal) => Ok(Some(principal)),
        Err(problem) if problem.status_code() == StatusCode::UNAUTHORIZED => Ok(None),
        Err(problem) => Err(problem),
    }
}

/// Where the visitor wants to go, by the query `return_to`.
pub(super) fn landing(request: &HttpRequest, site: &Site) -> Result<Landing> {
    let mut query = Query::parse(request.query_string());
    let return_to = query.take("return_to");
    query.finish()?;
    Ok(site.landing(return_to.as_deref()))
}
