//! The shape of every error (RFC 9457).

use std::borrow::Cow;

use serde::Serialize;
use utoipa::ToSchema;

/// The body of an error, `application/problem+json`.
#[derive(Debug, Serialize, ToSchema)]
pub struct ProblemDetails<'a> {
    /// `about:blank`: the kind of problem is the status, and which one it is the `code`.
    pub r#type: &'static str,
    /// The status in words.
    pub title: &'a str,
    /// The HTTP status.
    pub status: u16,
    /// What went wrong, for people.
    pub detail: &'a str,
    /// The kind of problem, for programs: stable, in snake case.
    pub code: &'a str,
    /// The request's id, to find it in the logs.
    pub request_id: &'a str,
    /// Which parts of the input were at fault.
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    pub errors: &'a [FieldFault],
}

/// A fault of the input.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct FieldFault {
    /// Where it is.
    #[serde(flatten)]
    pub source: FaultySource,
    /// What is wrong with it.
    pub detail: Cow<'static, str>,
}

/// Where a fault of the input is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum FaultySource {
    /// A JSON pointer (RFC 6901) into the body.
    Pointer(String),
    /// The name of a parameter of the query or path.
    Parameter(String),
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_problem_has_the_members_of_rfc_9457_and_three_more() {
        let errors = [
            FieldFault {
                source: FaultySource::Pointer("/username".into()),
                detail: "is missing".into(),
            },
            FieldFault {
                source: FaultySource::Parameter("tail".into()),
                detail: "must be an integer".into(),
            },
        ];
        let problem = ProblemDetails {
            r#type: "about:blank",
            title: "Bad Request",
            status: 400,
            detail: "The request cannot be read.",
            code: "bad_request",
            request_id: "r-1",
            errors: &errors,
        };
        assert_eq!(
            serde_json::to_string(&problem).unwrap(),
            r#"{"type":"about:blank","title":"Bad Request","status":400,"detail":"The request cannot be read.","code":"bad_request","request_id":"r-1","errors":[{"pointer":"/username","detail":"is missing"},{"parameter":"tail","detail":"must be an integer"}]}"#
        );
    }
}
