//! `/authz/envoy/{permission or -}/{original path}`: the check of Envoy's and Istio's `ext_authz`
//! over HTTP, which repeats the client's method and target behind a configured prefix.

use actix_web::{HttpRequest, HttpResponse, web::Data};
use percent_encoding::percent_decode_str;
use service_runtime::http::{InputFaults, Problem, Result, no_such_path};
use shared_types::{AskedPermission, InvalidPermission};

use super::{
    authorize::authorize, identity::allowed, original::OriginalRequest, sign_in::redirect_or,
};
use crate::{authority::SessionAuthority, site::Site};

/// The path before the permission.
const PREFIX: &str = "/authz/envoy/";
/// Stands for no permission: any valid token is enough.
const NO_PERMISSION: &str = "-";

/// Exactly 200 with the identity, else as for the other proxies.
pub(in crate::http) async fn envoy(
    request: HttpRequest,
    authority: Data<SessionAuthority>,
    site: Data<Site>,
) -> Result<HttpResponse> {
    let (permission, target) = split(&request)?;
    let permission = parsed(permission)?;
    match authorize(&request, permission.as_ref(), &authority, &site).await {
        Ok(holder) => allowed(&holder),
        Err(problem) => {
            redirect_or(problem, &request, &OriginalRequest::repeated(&request, target), &site)
        }
    }
}

/// The permission, encoded, and the target of the client, from the target as it was sent: the router
/// decodes paths. What follows the permission belongs to the client, so no `..` in it is resolved
/// and no parameter in it is read.
fn split(request: &HttpRequest) -> Result<(&str, &str)> {
    let target = request.uri().path_and_query().map_or("", |target| target.as_str());
    let checked = target.strip_prefix(PREFIX).ok_or_else(no_such_path)?;
    let slash = checked.find(['/', '?']).ok_or_else(no_such_path)?;
    let (permission, target) = checked.split_at(slash);
    if target.starts_with('/') { Ok((permission, target)) } else { Err(no_such_path()) }
}

fn parsed(encoded: &str) -> Result<Option<AskedPermission>> {
    if encoded == NO_PERMISSION {
        return Ok(None);
    }
    let text = percent_decode_str(encoded).decode_utf8().map_err(|_| not_text())?;
    text.parse().map(Some).map_err(refused)
}

fn not_text() -> Problem {
    let mut faults = InputFaults::default();
    faults.unreadable("permission", "is not UTF-8");
    faults.into_problem()
}

fn refused(fault: InvalidPermission) -> Problem {
    let mut faults = InputFaults::default();
    faults.refuse("permission", fault.to_string());
    faults.into_problem()
}
