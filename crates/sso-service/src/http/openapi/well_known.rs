//! Operations of the documents at well-known paths, which every origin may read.

use serde_json::{Value, json};
use service_runtime::http::openapi::{ApiOperation, header_ref, json_content, response};
use utoipa::{
    ToSchema,
    openapi::{Ref, ResponseBuilder},
};

use super::{examples::ID, oauth};
use crate::{
    http::well_known::{jwks::JwkSet, metadata::Metadata},
    site::Origin,
};

pub(super) fn public_keys() -> ApiOperation {
    let key = json!({
        "kty": "EC",
        "crv": "P-256",
        "x": "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
        "y": "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
        "kid": ID,
        "use": "sig",
        "alg": "ES256",
    });
    let content = json_content(Ref::from_schema_name(JwkSet::name()), json!({"keys": [key]}));
    ApiOperation::new(oauth::TAG.0, "public_keys", "The keys to verify JWTs with (RFC 7517)")
        .with_schema::<JwkSet>()
        .answer(200, cached("The keys.").content("application/json", content))
}

pub(super) fn metadata(id: &'static str) -> ApiOperation {
    let content = json_content(Ref::from_schema_name(Metadata::name()), example());
    ApiOperation::new(oauth::TAG.0, id, "The endpoints and abilities of the service (RFC 8414)")
        .with_schema::<Metadata<'_>>()
        .answer(200, cached("The metadata.").content("application/json", content))
}

/// The metadata of a service at this address.
fn example() -> Value {
    let origin = "https://sso.example.org".parse::<Origin>();
    origin.map_or(Value::Null, |origin| json!(Metadata::of(&origin, true)))
}

/// An answer that every client may cache.
fn cached(description: &str) -> ResponseBuilder {
    ["Cache-Control", "Access-Control-Allow-Origin"]
        .into_iter()
        .fold(response(description), |answer, name| answer.header_ref(name, header_ref(name)))
}
