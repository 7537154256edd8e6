//! The operations that every service documents: those of the documentation itself.

use serde_json::json;

use super::{
    files::FILES,
    headers::header_ref,
    operation::ApiOperation,
    parameters::{path_parameter, text_in},
    responses::{html, json_content, of_type, response},
};
use utoipa::openapi::{Object, ResponseBuilder, schema::Type};

const TAG: &str = "documentation";

/// The group of these operations, with its description.
pub const DOCUMENTATION: (&str, &str) = (TAG, "This document, and a page to try the API.");

/// `GET /openapi.json`.
#[must_use]
pub fn document_operation() -> ApiOperation {
    let content = json_content(Object::with_type(Type::Object), json!({"openapi": "3.1.0"}));
    ApiOperation::new(TAG, "openapi", "The OpenAPI document of this service")
        .answer(200, cached("The document.").content("application/json", content))
}

/// `GET /docs`.
#[must_use]
pub fn page_operation() -> ApiOperation {
    ApiOperation::new(TAG, "docs", "A page to try the API")
        .description("Authorize with user name and password, then send requests from the page.")
        .answer(200, html("The page."))
}

/// `GET /docs/{file}`.
#[must_use]
pub fn asset_operation() -> ApiOperation {
    let answer = cached("The file.")
        .content("text/javascript", of_type("…"))
        .content("text/css", of_type("…"))
        .content("image/png", of_type("…"));
    ApiOperation::new(TAG, "docs_file", "A file of the page")
        .parameter(path_parameter("file", "The name of the file.", text_in(FILES), FILES[1]))
        .problems([404])
        .answer(200, answer)
}

fn cached(description: &str) -> ResponseBuilder {
    ["Cache-Control", "X-Content-Type-Options"]
        .into_iter()
        .fold(response(description), |response, name| response.header_ref(name, header_ref(name)))
}
