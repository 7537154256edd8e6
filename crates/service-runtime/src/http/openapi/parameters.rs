//! Parameters of operations.

use serde_json::Value;
use utoipa::openapi::{
    Object, ObjectBuilder, RefOr, Required, Schema,
    path::{Parameter, ParameterBuilder, ParameterIn},
    schema::{KnownFormat, SchemaFormat, Type},
};

/// A parameter of the path.
#[must_use]
pub fn path_parameter(
    name: &str,
    description: &str,
    schema: impl Into<RefOr<Schema>>,
    example: impl Into<Value>,
) -> Parameter {
    parameter(ParameterIn::Path, name, description, schema.into())
        .example(Some(example.into()))
        .required(Required::True)
        .build()
}

/// A parameter of the query, which may be absent.
#[must_use]
pub fn query_parameter(
    name: &str,
    description: &str,
    schema: impl Into<Object>,
    example: impl Into<Value>,
) -> Parameter {
    optional(ParameterIn::Query, name, description, schema.into(), example.into())
}

/// A header, which may be absent.
#[must_use]
pub fn header_parameter(
    name: &str,
    description: &str,
    schema: impl Into<Object>,
    example: impl Into<Value>,
) -> Parameter {
    optional(ParameterIn::Header, name, description, schema.into(), example.into())
}

/// The example is one of the schema: Swagger UI sends those of parameters unless they are deleted.
fn optional(
    place: ParameterIn,
    name: &str,
    description: &str,
    mut schema: Object,
    example: Value,
) -> Parameter {
    schema.examples = vec![example];
    parameter(place, name, description, schema.into()).required(Required::False).build()
}

fn parameter(
    place: ParameterIn,
    name: &str,
    description: &str,
    schema: RefOr<Schema>,
) -> ParameterBuilder {
    ParameterBuilder::new()
        .parameter_in(place)
        .name(name)
        .description(Some(description))
        .schema(Some(schema))
}

/// Any text.
#[must_use]
pub fn text() -> Object {
    Object::with_type(Type::String)
}

/// A UUID.
#[must_use]
pub fn uuid() -> Object {
    let format = SchemaFormat::KnownFormat(KnownFormat::Uuid);
    ObjectBuilder::new().schema_type(Type::String).format(Some(format)).build()
}

/// One of these texts.
#[must_use]
pub fn text_in<const N: usize>(values: [&str; N]) -> Object {
    ObjectBuilder::new().schema_type(Type::String).enum_values(Some(values)).build()
}

/// An integer from `least` to `most`.
#[must_use]
pub fn integer(least: i64, most: i64) -> Object {
    ObjectBuilder::new()
        .schema_type(Type::Integer)
        .format(Some(SchemaFormat::KnownFormat(KnownFormat::Int64)))
        .minimum(Some(least))
        .maximum(Some(most))
        .build()
}
