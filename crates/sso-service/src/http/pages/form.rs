//! What the pages' forms send.

use actix_web::{HttpRequest, web::Payload};
use service_runtime::http::{
    ContentType, Query, Result, content_type, read_body, unsupported_media_type,
};

use crate::http::auth::login::form_fields;

/// The fields of a form that was posted.
pub(super) async fn read_form(request: &HttpRequest, body: Payload) -> Result<Query> {
    if content_type(request)? != Some(ContentType::Form) {
        return Err(unsupported_media_type());
    }
    form_fields(&read_body(body).await?)
}
