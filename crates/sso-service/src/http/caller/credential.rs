//! The tokens of a request: in its header, or in its cookies.

use actix_web::{
    HttpRequest,
    http::header::{AUTHORIZATION, HeaderMap},
};
use service_runtime::http::{Problem, Result, authorization, choose_live};
use shared_types::{BearerToken, TokenKind};

use super::{cookies::TokenCookie, csrf};
use crate::{
    authority::{SessionAuthority, TokenRefusal},
    site::Site,
};

/// The token of a request that only reads: from its header, else from its cookie.
pub(in crate::http) async fn token_of(
    request: &HttpRequest,
    authority: &SessionAuthority,
    site: &Site,
) -> Result<Option<BearerToken>> {
    match header_token(request)? {
        Some(token) => Ok(Some(token)),
        None => session_token_in_cookie(request.headers(), authority, site).await,
    }
}

/// The token of a request that changes something. A cookie counts only if no foreign page can have
/// made the browser send it.
pub(in crate::http) async fn token_for_change(
    request: &HttpRequest,
    authority: &SessionAuthority,
    site: &Site,
) -> Result<Option<BearerToken>> {
    if is_in_cookie(TokenCookie::Session, request.headers(), site)? {
        csrf::check(request.headers(), site)?;
    }
    token_of(request, authority, site).await
}

/// The token of a request, by whether its method changes something.
pub(super) async fn token_by_method(
    request: &HttpRequest,
    authority: &SessionAuthority,
    site: &Site,
) -> Result<Option<BearerToken>> {
    if request.method().is_safe() {
        token_of(request, authority, site).await
    } else {
        token_for_change(request, authority, site).await
    }
}

/// All tokens of a request that logs out: the one in the header, else those in the cookies, also
/// expired ones. Unless live ones are of different sessions, each may be a token of the one
/// session.
pub(in crate::http) async fn tokens_for_log_out(
    request: &HttpRequest,
    authority: &SessionAuthority,
    site: &Site,
) -> Result<Vec<BearerToken>> {
    let headers = request.headers();
    if let Some(token) = header_token(request)? {
        return Ok(vec![token]);
    }
    if has_token_cookie(headers, site)? {
        csrf::check(headers, site)?;
    }
    let mut tokens = parsed(TokenCookie::Session, headers, site)?;
    choose_live_session(tokens.clone(), authority).await?;
    let refresh_tokens = parsed(TokenCookie::Refresh, headers, site)?;
    choose_renewing(refresh_tokens.clone(), authority).await?;
    tokens.extend(refresh_tokens);
    Ok(tokens)
}

/// The session tokens in the cookies, also expired ones. They count for nothing by themselves.
pub(in crate::http) fn session_tokens_in_cookies(
    headers: &HeaderMap,
    site: &Site,
) -> Result<Vec<BearerToken>> {
    parsed(TokenCookie::Session, headers, site)
}

/// Whether a cookie is the credential of a request.
pub(in crate::http) fn has_token_cookie(headers: &HeaderMap, site: &Site) -> Result<bool> {
    Ok(is_in_cookie(TokenCookie::Session, headers, site)?
        || is_in_cookie(TokenCookie::Refresh, headers, site)?)
}

/// Whether the credential of a request is the one in this cookie.
pub(in crate::http) fn is_in_cookie(
    cookie: TokenCookie,
    headers: &HeaderMap,
    site: &Site,
) -> Result<bool> {
    Ok(!values_in(cookie, headers, site)?.is_empty())
}

/// The session token in the cookies, if they count. Of several, it is the live one.
async fn session_token_in_cookie(
    headers: &HeaderMap,
    authority: &SessionAuthority,
    site: &Site,
) -> Result<Option<BearerToken>> {
    choose_live_session(tokens_in(TokenCookie::Session, headers, site)?, authority).await
}

/// The refresh token in the cookies, if they count. Of several, it is the one that renews a
/// session. The look-up spends no token.
pub(in crate::http) async fn refresh_token_in_cookie(
    headers: &HeaderMap,
    authority: &SessionAuthority,
    site: &Site,
) -> Result<Option<BearerToken>> {
    choose_renewing(tokens_in(TokenCookie::Refresh, headers, site)?, authority).await
}

async fn choose_live_session(
    mut tokens: Vec<BearerToken>,
    authority: &SessionAuthority,
) -> Result<Option<BearerToken>> {
    if tokens.len() < 2 {
        return Ok(tokens.pop());
    }
    let mut candidates = Vec::with_capacity(tokens.len());
    for token in tokens {
        let session = match authority.principal(&token).await {
            Ok(principal) => Some(principal.session.id),
            Err(unknown @ TokenRefusal::Unknown) => return Err(unknown.into()),
            Err(_) => None,
        };
        candidates.push((token, session));
    }
    choose_live(candidates)
}

async fn choose_renewing(
    mut tokens: Vec<BearerToken>,
    authority: &SessionAuthority,
) -> Result<Option<BearerToken>> {
    if tokens.len() < 2 {
        return Ok(tokens.pop());
    }
    let mut candidates = Vec::with_capacity(tokens.len());
    for token in tokens {
        let session = authority.session_renewed_by(&token).await?;
        candidates.push((token, session));
    }
    choose_live(candidates)
}

/// The tokens in the cookies of a name.
///
/// # Errors
/// 401 when there are cookies and none holds a token: a browser cannot mend them without a log-in.
fn tokens_in(cookie: TokenCookie, headers: &HeaderMap, site: &Site) -> Result<Vec<BearerToken>> {
    let tokens = parsed(cookie, headers, site)?;
    if tokens.is_empty() && is_in_cookie(cookie, headers, site)? {
        return Err(Problem::invalid_token());
    }
    Ok(tokens)
}

fn parsed(cookie: TokenCookie, headers: &HeaderMap, site: &Site) -> Result<Vec<BearerToken>> {
    let values = values_in(cookie, headers, site)?.into_iter();
    let tokens = values.filter_map(|value| BearerToken::parse(value).ok());
    // API keys are never set as cookies.
    Ok(tokens.filter(|token| token.kind() != Some(TokenKind::ApiKey)).collect())
}

/// The values of a cookie. With an `Authorization` header no cookie counts, whatever its value.
fn values_in<'a>(
    cookie: TokenCookie,
    headers: &'a HeaderMap,
    site: &Site,
) -> Result<Vec<&'a [u8]>> {
    if headers.contains_key(AUTHORIZATION) {
        return Ok(Vec::new());
    }
    cookie.values_in(headers, site)
}

/// The token in the `Authorization` header.
pub(in crate::http) fn header_token(request: &HttpRequest) -> Result<Option<BearerToken>> {
    authorization(request.headers())
}

/// A token, or 401.
pub(in crate::http) fn required(token: Option<BearerToken>) -> Result<BearerToken> {
    token.ok_or_else(Problem::not_authenticated)
}
