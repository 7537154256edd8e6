//! Operations for services that check tokens.

use serde_json::json;
use service_runtime::http::openapi::{
    ApiOperation, Credential, json_content, query_parameter, text, uncached,
};
use shared_types::{RefusedEntry, Validation};
use utoipa::{
    ToSchema,
    openapi::{
        AllOfBuilder, ArrayBuilder, ObjectBuilder, OneOfBuilder, Ref, RefOr, Schema, schema::Type,
    },
};

use super::examples::{KEY, TOKEN, joined, validation};
use crate::http::auth::validation::{
    validate::ValidateRequest, validate_batch::ValidateBatchRequest,
};

/// The group of these operations.
pub(super) const TAG: (&str, &str) = ("tokens", "Services check the tokens that they were sent.");

pub(super) fn validate() -> ApiOperation {
    let permission = "A permission without wildcards that the token has to have; else 403.";
    ApiOperation::new(TAG.0, "validate", "Shows the holder of a valid token")
        .description("The token is in the header, the cookie or the body.")
        .accepts([Credential::Bearer, Credential::SessionCookie])
        .problems([401, 403])
        .parameter(query_parameter("permission", permission, text(), "logs:read:shop/web-0"))
        .optional_json_body::<ValidateRequest>(json!({"session_token": TOKEN}))
        .json::<Validation<'_>>(200, "The token is valid.", validation())
}

pub(super) fn validate_batch() -> ApiOperation {
    let example = json!({"answers": [
        joined(json!({"status": 200}), validation()),
        {"status": 401, "code": "invalid_token"},
    ]});
    let answer = uncached("An entry for each token, in the order of the tokens.")
        .content("application/json", json_content(answers(), example));
    ApiOperation::new(TAG.0, "validate_batch", "Shows the holders of several tokens")
        .description("The tokens in the body are the only credentials that count.")
        .json_body::<ValidateBatchRequest>(json!({"tokens": [TOKEN, KEY]}))
        .with_schema::<Validation<'_>>()
        .with_schema::<RefusedEntry<'_>>()
        .answer(200, answer)
}

/// `{"answers":[…]}`. An entry is a validation with its status, or a refusal.
fn answers() -> RefOr<Schema> {
    let status = ObjectBuilder::new().schema_type(Type::Integer).enum_values(Some([200]));
    let status = ObjectBuilder::new().property("status", status).required("status");
    let live = AllOfBuilder::new().item(status).item(Ref::from_schema_name(Validation::name()));
    let refused = Ref::from_schema_name(RefusedEntry::name());
    let entry = OneOfBuilder::new().item(live).item(refused);
    let entries = ArrayBuilder::new().items(entry);
    ObjectBuilder::new().property("answers", entries).required("answers").into()
}
