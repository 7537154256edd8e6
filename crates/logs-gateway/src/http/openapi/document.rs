//! The document of this service.

use service_runtime::http::openapi::{self, DOCUMENTATION, DocumentInfo};
use shared_types::paths;
use strum::VariantArray;
use url::Url;
use utoipa::openapi::OpenApi;

use super::{kubernetes_operations, operations::operation, reading, viewer};
use crate::http::routes::Route;

const DESCRIPTION: &str = "\
Serves the logs of pods to callers that sso-service authenticates.

Outside of the Kubernetes API, every GET also answers HEAD. A credential is valid, invalid (401) or \
unknown at the moment (503 with `Retry-After`, never 401).";

/// The OpenAPI document of all routes. Callers log in at the sso-service at `authority`.
pub(crate) fn document(authority: &Url) -> OpenApi {
    let log_in = authority.join(paths::LOG_IN);
    let info = DocumentInfo {
        title: env!("CARGO_PKG_NAME"),
        description: DESCRIPTION,
        version: env!("CARGO_PKG_VERSION"),
        tags: &[reading::TAG, kubernetes_operations::TAG, viewer::TAG, DOCUMENTATION],
        token_url: log_in.as_ref().map_or(paths::LOG_IN, Url::as_str),
    };
    let routes = Route::VARIANTS.iter().map(|route| (route.row(), operation(*route)));
    openapi::document(&info, routes)
}

#[cfg(test)]
mod tests {
    use service_runtime::http::openapi::check_document;

    use super::*;

    fn at_default_address() -> OpenApi {
        document(&Url::parse("http://127.0.0.1:8001").unwrap())
    }

    #[test]
    fn every_route_is_an_operation_and_every_operation_a_route() {
        check_document(&at_default_address(), Route::VARIANTS.iter().map(|route| route.row()));
    }

    #[test]
    fn the_committed_document_is_the_one_of_the_code() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../openapi/logs-gateway.json");
        let committed = std::fs::read_to_string(path).unwrap();
        let ours = openapi::to_json(&at_default_address()).unwrap();
        assert!(
            committed == ours,
            "run `cargo xtask openapi` and commit openapi/logs-gateway.json"
        );
    }
}
