//! Where the token of a request comes from.

use actix_web::{
    HttpRequest,
    http::header::{AUTHORIZATION, HeaderMap},
};
use service_runtime::http::{Problem, Result, authorization};
use shared_types::{BearerToken, TokenKind};

use super::{cookies::TokenCookie, csrf};
use crate::site::Site;

/// The token of a request that only asks: from its header, else from its cookie.
pub(super) fn token_of(request: &HttpRequest, site: &Site) -> Result<Option<BearerToken>> {
    match header_token(request)? {
        Some(token) => Ok(Some(token)),
        None => token_in(TokenCookie::Session, request.headers(), site),
    }
}

/// The token of a request that changes something. It counts from a cookie only when no foreign
/// page can have made the browser send it.
pub(super) fn token_for_change(request: &HttpRequest, site: &Site) -> Result<Option<BearerToken>> {
    if comes_in(TokenCookie::Session, request.headers(), site) {
        csrf::check(request.headers(), site)?;
    }
    token_of(request, site)
}

/// Whether the credential of a request is the one in this cookie.
pub(super) fn comes_in(cookie: TokenCookie, headers: &HeaderMap, site: &Site) -> bool {
    value_in(cookie, headers, site).is_some()
}

/// The token in the cookie, if the cookie counts.
pub(super) fn token_in(
    cookie: TokenCookie,
    headers: &HeaderMap,
    site: &Site,
) -> Result<Option<BearerToken>> {
    let parsed = value_in(cookie, headers, site).map(BearerToken::parse);
    match parsed.transpose() {
        // No cookie is ever given a key.
        Ok(Some(token)) if token.kind() == Some(TokenKind::ApiKey) => Err(Problem::invalid_token()),
        // A browser sends what it was given: it cannot mend what is wrong with it.
        token => token.map_err(|_| Problem::invalid_token()),
    }
}

/// With an `Authorization` header no cookie counts, whatever the header holds.
fn value_in<'a>(cookie: TokenCookie, headers: &'a HeaderMap, site: &Site) -> Option<&'a [u8]> {
    if headers.contains_key(AUTHORIZATION) {
        return None;
    }
    cookie.value_in(headers, site)
}

/// The token in the `Authorization` header.
pub(super) fn header_token(request: &HttpRequest) -> Result<Option<BearerToken>> {
    authorization(request.headers())
}

/// A token, or 401.
pub(super) fn required(token: Option<BearerToken>) -> Result<BearerToken> {
    token.ok_or_else(Problem::not_authenticated)
}
