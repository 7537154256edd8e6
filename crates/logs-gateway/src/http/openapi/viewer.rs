//! Operations for the page on which people read logs.

use service_runtime::http::openapi::{
    ApiOperation, header_ref, html, of_type, path_parameter, response, text,
};
use utoipa::openapi::ResponseBuilder;

/// The group of these operations.
pub(super) const TAG: (&str, &str) = ("viewer", "The page on which people read logs.");

const VERSION: &str = "3f0c8a1b2c3d3f0c8a1b2c3d3f0c8a1b";

pub(super) fn page() -> ApiOperation {
    let answer = ["Cache-Control", "ETag"]
        .into_iter()
        .fold(html("The page."), |answer, name| answer.header_ref(name, header_ref(name)));
    let unchanged =
        response("The page is the one that the client has.").header_ref("ETag", header_ref("ETag"));
    ApiOperation::new(TAG.0, "viewer", "The page on which people read logs")
        .description("It contains no data. The query names a view, which the page reads.")
        .answer(200, answer)
        .answer(304, unchanged)
}

pub(super) fn file() -> ApiOperation {
    ApiOperation::new(TAG.0, "viewer_file", "A file of the page")
        .parameter(path_parameter("version", "As the page names it.", text(), VERSION))
        .parameter(path_parameter("file", "The name of the file.", text(), "main.js"))
        .problems([404])
        .answer(200, kept())
}

pub(super) fn file_in_folder() -> ApiOperation {
    ApiOperation::new(TAG.0, "viewer_file_in_folder", "A file of the page, in a folder")
        .parameter(path_parameter("version", "As the page names it.", text(), VERSION))
        .parameter(path_parameter("folder", "The name of the folder.", text(), "view"))
        .parameter(path_parameter("file", "The name of the file.", text(), "list.js"))
        .problems([404])
        .answer(200, kept())
}

fn kept() -> ResponseBuilder {
    ["Cache-Control", "ETag", "X-Content-Type-Options"]
        .into_iter()
        .fold(response("The file."), |answer, name| answer.header_ref(name, header_ref(name)))
        .content("text/javascript; charset=utf-8", of_type("…"))
        .content("text/css; charset=utf-8", of_type("…"))
        .content("image/svg+xml", of_type("…"))
}
