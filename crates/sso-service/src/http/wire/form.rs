//! Bodies of forms.

use actix_web::{HttpRequest, http::StatusCode, web::Payload};
use service_runtime::http::{
    ContentType, Problem, Query, Result, content_type, read_body, unsupported_media_type,
};

/// Reads the body of a form.
///
/// # Errors
/// 400, 408, 413 or 415.
pub(in crate::http) async fn read_form(request: &HttpRequest, body: Payload) -> Result<Query> {
    if content_type(request)? != Some(ContentType::Form) {
        return Err(unsupported_media_type());
    }
    parse_form(&read_body(body).await?)
}

/// Parses the fields of a form, which are written like the parameters of a query.
///
/// # Errors
/// 400 when the form is not UTF-8.
pub(in crate::http) fn parse_form(body: &[u8]) -> Result<Query> {
    let not_utf_8 =
        |_| Problem::new(StatusCode::BAD_REQUEST, "bad_request", "The form must be UTF-8.");
    std::str::from_utf8(body).map(Query::parse).map_err(not_utf_8)
}
