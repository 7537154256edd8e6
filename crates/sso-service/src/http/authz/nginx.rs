//! `GET /authz/nginx`: the check of nginx's `auth_request`, which knows 2xx, 401, 403, and takes
//! every other answer for an error of the server.

use actix_web::{
    HttpRequest, HttpResponse, ResponseError,
    http::{StatusCode, header::LOCATION},
    web::Data,
};
use service_runtime::http::{Problem, Result};

use super::{
    authorize::{CheckQuery, authorize},
    identity::allowed,
    original::OriginalRequest,
    sign_in::url_of,
};
use crate::{authority::SessionAuthority, http::wire::query::QueryString, site::Site};

/// 200 with the identity, 401 with the log-in page as `Location`, 403, or 500 when the credential
/// cannot be checked.
pub(in crate::http) async fn nginx(
    QueryString(query): QueryString<CheckQuery>,
    request: HttpRequest,
    authority: Data<SessionAuthority>,
    site: Data<Site>,
) -> Result<HttpResponse> {
    match authorize(&request, query.permission.as_ref(), &authority, &site).await {
        Ok(holder) => allowed(&holder),
        Err(problem) => Err(in_terms_of_nginx(problem, &request, &site)),
    }
}

/// A malformed or ambiguous credential is the fault of the client, so it is a 401: nginx would make
/// a 500 of the usual 400.
fn in_terms_of_nginx(problem: Problem, request: &HttpRequest, site: &Site) -> Problem {
    match problem.status_code() {
        StatusCode::FORBIDDEN => problem,
        StatusCode::UNAUTHORIZED | StatusCode::BAD_REQUEST => {
            let location = url_of("/login", &OriginalRequest::of_nginx(request), site);
            problem.with_status(StatusCode::UNAUTHORIZED).header(LOCATION, location)
        }
        _ => problem.with_status(StatusCode::INTERNAL_SERVER_ERROR),
    }
}
