//! Where the token of a request comes from.

use actix_web::{
    HttpRequest,
    http::header::{AUTHORIZATION, COOKIE, HeaderMap},
};
use service_runtime::http::{Problem, Result, authorization};
use shared_types::BearerToken;

/// The cookie that carries a session token.
#[derive(Debug, Clone, Copy)]
pub(crate) struct SessionCookie {
    name: &'static str,
}

impl SessionCookie {
    /// `host`: whether the cookie carries the prefix that makes browsers tie it to this host and
    /// to https (RFC 6265bis §4.1.3.2). Only the one name is read then.
    pub(crate) fn new(host: bool) -> Self {
        let name = if host { "__Host-session_id" } else { "session_id" };
        Self { name }
    }

    /// The token of a request: from its header, else from its cookie.
    pub(super) fn token_of(self, request: &HttpRequest) -> Result<Option<BearerToken>> {
        match header_token(request)? {
            Some(token) => Ok(Some(token)),
            None => self.token_in_cookie(request.headers()),
        }
    }

    /// The token in the cookie, unless there is an `Authorization` header: the cookie is ignored
    /// then, whatever the header holds.
    fn token_in_cookie(self, headers: &HeaderMap) -> Result<Option<BearerToken>> {
        if headers.contains_key(AUTHORIZATION) {
            return Ok(None);
        }
        let values = headers.get_all(COOKIE);
        let mut pairs = values.flat_map(|value| value.as_bytes().split(|byte| *byte == b';'));
        let value = pairs.find_map(|pair| self.value_in(pair.trim_ascii()));
        match value {
            // A cookie that was emptied is one that was taken back.
            None | Some([]) => Ok(None),
            // A browser sends what it was given: it cannot mend what is wrong with it.
            Some(value) => match BearerToken::parse(value) {
                Ok(token) => Ok(Some(token)),
                Err(_) => Err(Problem::invalid_token()),
            },
        }
    }

    fn value_in(self, pair: &[u8]) -> Option<&[u8]> {
        pair.strip_prefix(self.name.as_bytes())?.strip_prefix(b"=")
    }
}

/// The token in the `Authorization` header.
pub(super) fn header_token(request: &HttpRequest) -> Result<Option<BearerToken>> {
    authorization(request.headers())
}

/// A token, or 401.
pub(super) fn required(token: Option<BearerToken>) -> Result<BearerToken> {
    token.ok_or_else(Problem::not_authenticated)
}
