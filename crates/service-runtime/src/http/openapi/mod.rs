//! The OpenAPI document of a service, and the page to try its API.
//!
//! A document is made of the rows of the route table, each with its [`ApiOperation`]: paths and
//! methods are written nowhere else.

mod check;
mod document;
mod explorer;
mod files;
mod headers;
mod operation;
mod operations;
mod parameters;
mod problems;
mod responses;

pub use check::check_document;
pub use document::{DocumentInfo, document, to_json};
pub use explorer::{ApiDocs, asset, page, served_document};
pub use headers::header_ref;
pub use operation::{ApiOperation, Credential};
pub use operations::{DOCUMENTATION, asset_operation, document_operation, page_operation};
pub use parameters::{
    header_parameter, integer, path_parameter, query_parameter, text, text_in, uuid,
};
pub use problems::{problem, problem_answer};
pub use responses::{SharedResponse, html, json_content, of_type, redirect, response, uncached};
