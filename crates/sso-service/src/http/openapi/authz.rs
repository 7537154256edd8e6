//! Operations for proxies, which ask whether a request may pass to its backend.

use service_runtime::http::openapi::{
    ApiOperation, Credential, header_ref, path_parameter, problem_answer, query_parameter,
    redirect, text, uncached,
};
use utoipa::openapi::ResponseBuilder;

/// The group of these operations.
pub(super) const TAG: (&str, &str) =
    ("forward-auth", "Proxies ask whether a request may pass to its backend.");

const IDENTITY: [&str; 4] = ["X-Auth-User", "X-Auth-User-Id", "X-Auth-Roles", "X-Auth-Permissions"];

fn check(id: &'static str, summary: &str) -> ApiOperation {
    let allowed = uncached("The request may pass, with this identity. The body is empty.");
    let allowed = IDENTITY
        .into_iter()
        .fold(allowed, |answer, name| answer.header_ref(name, header_ref(name)));
    ApiOperation::new(TAG.0, id, summary)
        .needs([Credential::Bearer, Credential::SessionCookie])
        .problems([422])
        .answer(200, allowed)
}

fn with_permission(operation: ApiOperation) -> ApiOperation {
    let permission = "A permission without wildcards that the token has to have; else 403.";
    operation.parameter(query_parameter("permission", permission, text(), "deploy:write"))
}

fn to_log_in() -> ResponseBuilder {
    redirect("For browsers without a valid session: to a page that renews it and returns.")
}

pub(super) fn nginx() -> ApiOperation {
    let log_in = problem_answer(401).header_ref("Location", header_ref("Location"));
    with_permission(check("authorize_for_nginx", "Checks a request for `auth_request` of nginx"))
        .description(
            "A credential that cannot be checked is 500, and a malformed one 401: nginx knows no \
             other status.",
        )
        .answer(401, log_in)
}

pub(super) fn forward() -> ApiOperation {
    let summary = "Checks a request for Traefik, Caddy and HAProxy";
    with_permission(check("authorize_forward", summary)).answer(302, to_log_in())
}

pub(super) fn envoy() -> ApiOperation {
    let permission = "The permission that the token has to have, percent-encoded, or `-` for none.";
    check("authorize_for_envoy", "Checks a request for `ext_authz` of Envoy and Istio")
        .description(
            "The method and the path after the permission are those of the original request, whose \
             query is not read.",
        )
        .parameter(path_parameter("permission", permission, text(), "-"))
        .parameter(path_parameter("target", "The original path.", text(), "reports"))
        .problems([404])
        .answer(302, to_log_in())
}
