//! Chooses the form of a log by the accepted media types.

use actix_web::{
    HttpRequest,
    http::{StatusCode, header::ACCEPT},
};
use pod_logs::LogForm;
use service_runtime::http::{Problem, Result};

use crate::http::accepted_types::AcceptedTypes;

const FORMS: [LogForm; 4] =
    [LogForm::JsonString, LogForm::Text, LogForm::JsonLines, LogForm::Events];

/// The media type of a form.
pub(in crate::http) fn media_type(form: LogForm) -> &'static str {
    match form {
        LogForm::JsonString => "application/json",
        LogForm::Text => "text/plain",
        LogForm::JsonLines => "application/x-ndjson",
        LogForm::Events => "text/event-stream",
    }
}

/// The available form that the request prefers. Without a preference it is JSON, or text for a
/// followed log: a JSON document that never ends cannot be used.
pub(in crate::http) fn accepted_form(request: &HttpRequest, follow: bool) -> Result<LogForm> {
    let default = if follow { LogForm::Text } else { LogForm::JsonString };
    let form = preferred(request, default, |form| !follow || form != LogForm::JsonString)?;
    form.ok_or_else(|| {
        not_acceptable(
            "A log is available as text/plain, application/x-ndjson or text/event-stream, \
             and as application/json if it is not followed.",
        )
    })
}

/// The form of counted lines that the request prefers, without a preference objects.
pub(in crate::http) fn accepted_volume_form(request: &HttpRequest) -> Result<LogForm> {
    let form = preferred(request, LogForm::JsonLines, LogForm::has_words)?;
    form.ok_or_else(|| {
        not_acceptable("A volume is available as application/x-ndjson or text/event-stream.")
    })
}

fn not_acceptable(detail: &'static str) -> Problem {
    Problem::new(StatusCode::NOT_ACCEPTABLE, "not_acceptable", detail)
}

/// The possible form that the request prefers, if it accepts one.
fn preferred(
    request: &HttpRequest,
    default: LogForm,
    is_possible: impl Fn(LogForm) -> bool,
) -> Result<Option<LogForm>> {
    if !request.headers().contains_key(ACCEPT) {
        return Ok(Some(default));
    }
    let accepted = AcceptedTypes::of(request).map_err(|_| {
        Problem::new(StatusCode::BAD_REQUEST, "bad_request", "The Accept header cannot be read.")
    })?;
    let mut forms = FORMS.to_vec();
    forms.retain(|form| is_possible(*form));
    // The default comes first.
    forms.sort_by_key(|form| *form != default);
    let types: Vec<&str> = forms.iter().map(|form| media_type(*form)).collect();
    Ok(accepted.first_of(&types).map(|index| forms[index]))
}

#[cfg(test)]
mod tests {
    use actix_web::{ResponseError, test::TestRequest};

    use super::*;

    #[track_caller]
    fn check(accept: &str, expected: Result<LogForm, u16>) {
        let request = TestRequest::get().insert_header(("accept", accept)).to_http_request();
        let form = accepted_form(&request, false).map_err(|problem| problem.status_code().as_u16());
        assert_eq!(form, expected, "{accept}");
    }

    #[test]
    fn the_preferred_form_is_chosen() {
        check("*/*", Ok(LogForm::JsonString));
        check("application/json", Ok(LogForm::JsonString));
        check("text/plain", Ok(LogForm::Text));
        check("text/plain; charset=utf-8", Ok(LogForm::Text));
        check("text/plain, */*", Ok(LogForm::Text));
        check("text/plain;q=0.5, application/json", Ok(LogForm::JsonString));
        check("text/html,application/xhtml+xml,*/*;q=0.8", Ok(LogForm::JsonString));
        check("text/html", Err(406));
        check("application/x-ndjson", Ok(LogForm::JsonLines));
        check("text/event-stream", Ok(LogForm::Events));
    }

    #[test]
    fn a_refused_form_is_not_chosen() {
        check("text/plain;q=0", Err(406));
        check("application/json;q=0.0, text/plain;q=0.1", Ok(LogForm::Text));
        check("*/*, application/json;q=0", Ok(LogForm::Text));
        check("application/*;q=0, */*;q=0.5", Ok(LogForm::Text));
        check("text/*;q=0, text/plain", Ok(LogForm::Text));
        check("text/*, text/plain;q=0", Ok(LogForm::Events));
        check("*/*;q=0", Err(406));
        check("*/*;q=0, application/x-ndjson", Ok(LogForm::JsonLines));
    }

    #[test]
    fn a_volume_is_objects_or_events() {
        let form = |accept| {
            let request = TestRequest::get().insert_header(("accept", accept)).to_http_request();
            accepted_volume_form(&request)
        };
        assert_eq!(form("*/*").unwrap(), LogForm::JsonLines);
        assert_eq!(form("text/event-stream").unwrap(), LogForm::Events);
        assert_eq!(form("text/plain").unwrap_err().code(), "not_acceptable");
    }

    #[test]
    fn without_a_preference_it_is_json() {
        let request = TestRequest::get().to_http_request();
        assert_eq!(accepted_form(&request, false).unwrap(), LogForm::JsonString);
        assert_eq!(accepted_form(&request, true).unwrap(), LogForm::Text);
    }

    #[test]
    fn a_followed_log_is_not_a_json_document() {
        let accepting =
            |accept| TestRequest::get().insert_header(("accept", accept)).to_http_request();
        assert_eq!(accepted_form(&accepting("*/*"), true).unwrap(), LogForm::Text);
        let problem = accepted_form(&accepting("application/json"), true).unwrap_err();
        assert_eq!(problem.code(), "not_acceptable");
    }
}
