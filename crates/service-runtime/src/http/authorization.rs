//! The bearer token of a request.

use actix_web::http::header::{AUTHORIZATION, HeaderMap, HeaderValue};
use shared_types::{Authorization, BearerToken};

use super::Result;

/// The token in the `Authorization` header; `None` without the header, or with another scheme.
///
/// # Errors
/// 400 when the header is malformed or repeated.
pub fn authorization(headers: &HeaderMap) -> Result<Option<BearerToken>> {
    let values = headers.get_all(AUTHORIZATION).map(HeaderValue::as_bytes);
    match Authorization::parse(values)? {
        Authorization::Absent => Ok(None),
        Authorization::Bearer(token) => Ok(Some(token)),
    }
}
