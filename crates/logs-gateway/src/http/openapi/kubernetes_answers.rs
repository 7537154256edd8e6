//! Answers of the Kubernetes API. Errors are `Status` objects.

use serde_json::{Value, json};
use service_runtime::http::openapi::{
    SharedResponse, header_ref, json_content, response, uncached,
};
use utoipa::{
    ToSchema,
    openapi::{Object, Ref, ResponseBuilder, Type, schema::AdditionalProperties},
};

use crate::http::kubernetes::StatusBody;

/// The errors: status, name of the component, reason, what it says.
const ERRORS: [(u16, &str, &str, &str); 13] = [
    (400, "StatusBadRequest", "BadRequest", "A value cannot be parsed."),
    (401, "StatusUnauthorized", "Unauthorized", "The token is missing, malformed or not live."),
    (403, "StatusForbidden", "Forbidden", "The permission is missing."),
    (404, "StatusNotFound", "NotFound", "The object does not exist."),
    (406, "StatusNotAcceptable", "NotAcceptable", "None of the accepted media types can be sent."),
    (408, "StatusTimeout", "Timeout", "The body took longer than ten seconds to arrive."),
    (410, "StatusExpired", "Expired", "The version is too old; list again."),
    (413, "StatusTooLarge", "RequestEntityTooLarge", "The body has more than 64 KiB."),
    (415, "StatusUnsupported", "UnsupportedMediaType", "The body is of another media type."),
    (422, "StatusInvalid", "Invalid", "A value is refused; the causes name each."),
    (429, "StatusTooManyRequests", "TooManyRequests", "The caller reads too many logs already."),
    (500, "StatusInternalError", "InternalError", "A fault of the gateway."),
    (503, "StatusUnavailable", "ServiceUnavailable", "The answer is unknown right now; try again."),
];

/// The error of this status.
///
/// # Panics
/// When the API has no such error.
pub(super) fn status_error(status: u16) -> SharedResponse {
    let found = ERRORS.iter().find(|(number, ..)| *number == status);
    let Some((_, name, reason, description)) = found else {
        panic!("no error has the status {status}")
    };
    let example = json!({
        "kind": "Status",
        "apiVersion": "v1",
        "metadata": {},
        "status": "Failure",
        "message": description,
        "reason": reason,
        "code": status,
    });
    let content = json_content(Ref::from_schema_name(StatusBody::name()), example);
    let answer = response(description).content("application/json", content);
    let header = match status {
        401 => Some("WWW-Authenticate"),
        429 | 503 => Some("Retry-After"),
        _ => None,
    };
    let answer =
        header.into_iter().fold(answer, |answer, name| answer.header_ref(name, header_ref(name)));
    SharedResponse::new::<StatusBody<'static>>(status, *name, answer)
}

/// An object of Kubernetes, whose schema is that of Kubernetes.
pub(super) fn object(description: &str, example: Value) -> ResponseBuilder {
    uncached(description).content("application/json", json_content(any_object(), example))
}

/// An object with any members.
pub(super) fn any_object() -> Object {
    let mut object = Object::with_type(Type::Object);
    object.additional_properties = Some(Box::new(AdditionalProperties::FreeForm(true)));
    object
}
