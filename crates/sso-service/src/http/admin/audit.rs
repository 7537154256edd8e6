//! `GET /admin/audit`.

use actix_web::{HttpRequest, HttpResponse, web::Data};
use service_runtime::http::Result;

use super::listed::{listed, part};
use crate::{administration::Administration, http::caller::administrator::Administrator};

/// Some security events, the newest first, each as it stands in the audit log.
pub(super) async fn list(
    _: Administrator,
    request: HttpRequest,
    desk: Data<Administration>,
) -> Result<HttpResponse> {
    Ok(listed("events", desk.audit(&part(&request)?).await?))
}
