//! Answers and their contents.

use serde_json::Value;
use utoipa::{
    ToSchema,
    openapi::{Content, ContentBuilder, RefOr, Response, ResponseBuilder, Schema},
};

use super::{headers::header_ref, parameters::text};

/// An answer that several operations have in common: a component of the document.
pub struct SharedResponse {
    pub(super) status: u16,
    pub(super) name: String,
    pub(super) response: Response,
    pub(super) schemas: Vec<(String, RefOr<Schema>)>,
}

impl SharedResponse {
    /// An answer of this status under a name of its own, whose body has the schema of `T`.
    #[must_use]
    pub fn new<T: ToSchema>(
        status: u16,
        name: impl Into<String>,
        response: ResponseBuilder,
    ) -> Self {
        let (name, response) = (name.into(), response.build());
        Self { status, name, response, schemas: schemas_of::<T>() }
    }
}

/// The schema of a type and those that it refers to, by their names.
pub(super) fn schemas_of<T: ToSchema>() -> Vec<(String, RefOr<Schema>)> {
    let mut schemas = vec![(T::name().into_owned(), T::schema())];
    T::schemas(&mut schemas);
    schemas
}

/// An answer with the header that all have.
#[must_use]
pub fn response(description: &str) -> ResponseBuilder {
    ResponseBuilder::new()
        .description(description)
        .header_ref("X-Request-Id", header_ref("X-Request-Id"))
}

/// The same with `Cache-Control: no-store`: an answer for one caller.
#[must_use]
pub fn uncached(description: &str) -> ResponseBuilder {
    response(description).header_ref("Cache-Control", header_ref("Cache-Control"))
}

/// A redirect.
#[must_use]
pub fn redirect(description: &str) -> ResponseBuilder {
    uncached(description).header_ref("Location", header_ref("Location"))
}

/// A page.
#[must_use]
pub fn html(description: &str) -> ResponseBuilder {
    uncached(description)
        .header_ref("Content-Security-Policy", header_ref("Content-Security-Policy"))
        .header_ref("Referrer-Policy", header_ref("Referrer-Policy"))
        .header_ref("X-Content-Type-Options", header_ref("X-Content-Type-Options"))
        .content("text/html; charset=utf-8", of_type("<!DOCTYPE html>…"))
}

/// Text of any media type.
#[must_use]
pub fn of_type(example: &str) -> Content {
    ContentBuilder::new().schema(Some(text())).example(Some(example.into())).build()
}

/// JSON of this schema.
#[must_use]
pub fn json_content(schema: impl Into<RefOr<Schema>>, example: Value) -> Content {
    ContentBuilder::new().schema(Some(schema)).example(Some(example)).build()
}
