//! JSON bodies, read strictly: one object of known members, each given once.

use actix_web::{Error, FromRequest, HttpRequest, dev, http::StatusCode, web::Payload};
use futures_util::future::LocalBoxFuture;
use serde::{Deserialize, de::DeserializeOwned};
use service_runtime::http::{
    ContentType, JsonObject, Problem, Query, Result, content_type, read_body,
    unsupported_media_type,
};

use super::body_faults::member_fault;

/// The JSON body of a request that has no query parameters.
pub(in crate::http) struct JsonBody<T>(pub(in crate::http) T);

impl<T: DeserializeOwned> FromRequest for JsonBody<T> {
    type Error = Error;
    type Future = LocalBoxFuture<'static, Result<Self, Error>>;

    fn from_request(request: &HttpRequest, payload: &mut dev::Payload) -> Self::Future {
        let (request, body) = (request.clone(), Payload::from_request(request, payload));
        Box::pin(async move { Ok(Self(read_json(&request, body.await?).await?)) })
    }
}

/// Reads the JSON body of a request that has no query parameters.
///
/// # Errors
/// 400, 408, 413 or 415. Faults of single members are left to the
/// [`Member`](super::member::Member)s.
pub(in crate::http) async fn read_json<T: DeserializeOwned>(
    request: &HttpRequest,
    body: Payload,
) -> Result<T> {
    Query::parse(request.query_string()).finish()?;
    parse_typed(request, &read_body(body).await?)
}

/// Reads a JSON body that may be absent. An empty body is absent, whatever its type.
///
/// # Errors
/// As [`read_json`], without a look at the query.
pub(in crate::http) async fn read_optional_json<T: DeserializeOwned>(
    request: &HttpRequest,
    body: Payload,
) -> Result<Option<T>> {
    let body = read_body(body).await?;
    if body.is_empty() { Ok(None) } else { parse_typed(request, &body).map(Some) }
}

fn parse_typed<T: DeserializeOwned>(request: &HttpRequest, body: &[u8]) -> Result<T> {
    if content_type(request)? != Some(ContentType::Json) {
        return Err(unsupported_media_type());
    }
    parse_json(body)
}

/// Parses a JSON object.
///
/// A repeated member is refused: parsers differ in which one they keep, so a proxy could check
/// another value than the one that is used here. An unknown member is refused: it may be a
/// misspelled one.
///
/// # Errors
/// 400.
pub(in crate::http) fn parse_json<T: DeserializeOwned>(body: &[u8]) -> Result<T> {
    let mut unknown = Vec::new();
    let value = parse_object(body, |path| unknown.push(path.to_string()))?;
    if unknown.is_empty() { Ok(value) } else { Err(unknown_members(&unknown)) }
}

/// Parses a JSON object of another project, which may add members. A repeated member is refused if
/// it is a known one.
///
/// # Errors
/// 400.
pub(in crate::http) fn parse_open_json<T: DeserializeOwned>(body: &[u8]) -> Result<T> {
    parse_object(body, |_| ())
}

fn parse_object<T: DeserializeOwned>(
    body: &[u8],
    mut note_unknown: impl FnMut(serde_ignored::Path<'_>),
) -> Result<T> {
    let mut json = serde_json::Deserializer::from_slice(body);
    JsonObject::deserialize(serde_ignored::Deserializer::new(&mut json, &mut note_unknown))
        .and_then(|JsonObject(value)| json.end().map(|()| value))
        .map_err(|_| malformed())
}

/// Without the parser's message: it may quote the body.
fn malformed() -> Problem {
    Problem::new(
        StatusCode::BAD_REQUEST,
        "bad_request",
        "The body must be a JSON object without repeated members.",
    )
}

fn unknown_members(names: &[String]) -> Problem {
    let fault = |name: &String| member_fault(&escape(name), "is not a member of this body");
    Problem::new(StatusCode::BAD_REQUEST, "bad_request", "The body has unknown members.")
        .with_errors(names.iter().map(fault).collect())
}

/// A name as a part of a JSON pointer (RFC 6901, section 3).
fn escape(name: &str) -> String {
    name.replace('~', "~0").replace('/', "~1")
}

#[cfg(test)]
mod tests {
    use actix_web::{ResponseError, body::MessageBody};
    use serde_json::Value;

    use super::*;
    use crate::http::wire::member::Member;

    #[derive(Default, Deserialize)]
    #[serde(default)]
    struct ExampleRequest {
        name: Member<String>,
        flag: Member<bool>,
    }

    /// The pointers of the faults of a body that is answered 400.
    fn refused(body: &str) -> Vec<String> {
        let Err(problem) = parse_json::<ExampleRequest>(body.as_bytes()) else {
            panic!("{body}");
        };
        assert_eq!(problem.code(), "bad_request", "{body}");
        let answer = problem.error_response().into_body().try_into_bytes().unwrap();
        let answer: Value = serde_json::from_slice(&answer).unwrap();
        let errors = answer["errors"].as_array().into_iter().flatten();
        errors.map(|error| error["pointer"].as_str().unwrap().to_owned()).collect()
    }

    #[test]
    fn members_are_read_whatever_their_types() {
        let request: ExampleRequest = parse_json(br#" {"flag":1,"name":"x"} "#).unwrap();
        assert!(request.name == Member::Value("x".to_owned()));
        assert!(request.flag == Member::WrongType);
        let request: ExampleRequest = parse_json(b"{}").unwrap();
        assert!(request.name == Member::Absent && request.flag == Member::Absent);
    }

    #[test]
    fn only_an_object_without_repeated_members_is_accepted() {
        let deep = format!(r#"{{"name":{}{}}}"#, "[".repeat(200), "]".repeat(200));
        for body in [
            "",
            "{",
            "null",
            "[]",
            r#"["x",true]"#,
            "\"x\"",
            "{} {}",
            r#"{"name":"x","name":"x"}"#,
            r#"{"name":"\ud800"}"#,
            r#"{"flag":1e999}"#,
            &deep,
        ] {
            assert!(refused(body).is_empty(), "{body}");
        }
    }

    #[test]
    fn every_unknown_member_is_named() {
        let pointers = refused(r#"{"name":1,"a":{"name":"x"},"b/c~d":[],"":null}"#);
        assert_eq!(pointers, ["/a", "/b~1c~0d", "/"]);
    }
}
