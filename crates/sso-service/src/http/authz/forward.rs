//! `GET /authz/forward`: the check of Traefik's ForwardAuth and Caddy's `forward_auth`, which pass
//! every answer but a 2xx on to the client.

use actix_web::{HttpRequest, HttpResponse, web::Data};
use service_runtime::http::Result;

use super::{
    authorize::{CheckQuery, authorize},
    identity::allowed,
    original::OriginalRequest,
    sign_in::redirect_or,
};
use crate::{authority::SessionAuthority, http::wire::query::QueryString, site::Site};

/// 200 with the identity; a browser without a valid session is redirected; else the problem.
pub(in crate::http) async fn forward(
    QueryString(query): QueryString<CheckQuery>,
    request: HttpRequest,
    authority: Data<SessionAuthority>,
    site: Data<Site>,
) -> Result<HttpResponse> {
    match authorize(&request, query.permission.as_ref(), &authority, &site).await {
        Ok(holder) => allowed(&holder),
        Err(problem) => {
            redirect_or(problem, &request, &OriginalRequest::forwarded(&request), &site)
        }
    }
}
