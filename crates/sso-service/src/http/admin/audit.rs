//! `GET /admin/audit`.

use actix_web::{HttpResponse, web::Data};
use service_runtime::http::{Authenticated, Result};

use super::page::{PageQuery, list_response};
use crate::{
    administration::Administration,
    audit::EventFilter,
    http::{caller::administrator::Administrator, wire::query::QueryString},
};

/// Lists security events, the newest first, each as it stands in the audit log.
pub(in crate::http) async fn list(
    _: Authenticated<Administrator>,
    QueryString(PageQuery(part)): QueryString<PageQuery<i64>>,
    administration: Data<Administration>,
) -> Result<HttpResponse> {
    Ok(list_response("events", administration.audit(&part, EventFilter::default()).await?))
}
