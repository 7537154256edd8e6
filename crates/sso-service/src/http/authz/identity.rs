//! The identity headers that a proxy copies to the request for its backend.

use actix_web::{
    HttpResponse,
    http::header::{CACHE_CONTROL, HeaderName, HeaderValue},
};
use service_runtime::http::{Problem, Result};
use uuid::Uuid;

use crate::authority::Holder;

const USER: HeaderName = HeaderName::from_static("x-auth-user");
const USER_ID: HeaderName = HeaderName::from_static("x-auth-user-id");
const ROLES: HeaderName = HeaderName::from_static("x-auth-roles");
const PERMISSIONS: HeaderName = HeaderName::from_static("x-auth-permissions");

/// 200 with all four headers, each of them also when it is empty: a proxy overwrites the header of
/// the client only by one that it gets. Neither roles nor permissions contain a comma.
///
/// The body is empty and has `Content-Length: 0`. nginx reads no body of such an answer, and would
/// close the connection because of one.
///
/// # Errors
/// None is known: names, roles and permissions are visible ASCII.
pub(super) fn allowed(holder: &Holder) -> Result<HttpResponse> {
    let account = &*holder.account;
    let mut id = Uuid::encode_buffer();
    let id: &str = account.user_id.hyphenated().encode_lower(&mut id);
    let mut response = HttpResponse::Ok();
    response
        .insert_header((USER, value(&account.username)?))
        .insert_header((USER_ID, value(id)?))
        .insert_header((ROLES, value(&account.roles.join(","))?))
        .insert_header((PERMISSIONS, value(&account.permissions.spelled().join(","))?))
        .insert_header((CACHE_CONTROL, HeaderValue::from_static("no-store")));
    Ok(response.finish())
}

fn value(text: &str) -> Result<HeaderValue> {
    HeaderValue::from_str(text).map_err(Problem::internal)
}
