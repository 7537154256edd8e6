//! The document of this service.

use service_runtime::http::openapi::{self, DOCUMENTATION, DocumentInfo};
use shared_types::paths;
use strum::VariantArray;
use utoipa::openapi::OpenApi;

use super::{
    account, administration, authz, kubernetes, oauth, operations::operation, pages, tokens,
};
use crate::http::routes::Route;

const DESCRIPTION: &str = "\
The authority for users, sessions and API keys: it logs users in, and tells services who a token \
stands for.

Every GET also answers HEAD. A credential is valid, invalid (401) or unknown at the moment (503 \
with `Retry-After`, never 401). A browser, whose `Accept` names `text/html`, gets errors as pages.";

/// The OpenAPI document of all routes.
pub(crate) fn document() -> OpenApi {
    let info = DocumentInfo {
        title: env!("CARGO_PKG_NAME"),
        description: DESCRIPTION,
        version: env!("CARGO_PKG_VERSION"),
        tags: &[
            tokens::TAG,
            oauth::TAG,
            authz::TAG,
            kubernetes::TAG,
            account::TAG,
            administration::TAG,
            pages::TAG,
            DOCUMENTATION,
        ],
        token_url: paths::LOG_IN,
    };
    let routes = Route::VARIANTS.iter().map(|route| (route.row(), operation(*route)));
    openapi::document(&info, routes)
}

#[cfg(test)]
mod tests {
    use service_runtime::http::openapi::check_document;

    use super::*;

    #[test]
    fn every_route_is_an_operation_and_every_operation_a_route() {
        check_document(&document(), Route::VARIANTS.iter().map(|route| route.row()));
    }

    #[test]
    fn the_committed_document_is_the_one_of_the_code() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../openapi/sso-service.json");
        let committed = std::fs::read_to_string(path).unwrap();
        let ours = openapi::to_json(&document()).unwrap();
        assert!(committed == ours, "run `cargo xtask openapi` and commit openapi/sso-service.json");
    }
}
