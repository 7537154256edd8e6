//! Which form of a log the caller accepts.

use actix_web::{
    HttpRequest,
    http::{
        StatusCode,
        header::{Accept, Header},
    },
};
use service_runtime::http::{Problem, Result};

use crate::logs::render::LogForm;

/// The first of the most wanted media types that there is. Where anything goes that is JSON, or
/// text if the log is followed: a JSON document that never ends is of no use.
pub(super) fn accepted_form(request: &HttpRequest, follow: bool) -> Result<LogForm> {
    let default = if follow { LogForm::Text } else { LogForm::JsonString };
    if !request.headers().contains_key(actix_web::http::header::ACCEPT) {
        return Ok(default);
    }
    let accept = Accept::parse(request).map_err(|_| {
        Problem::new(StatusCode::BAD_REQUEST, "bad_request", "The Accept header cannot be read.")
    })?;
    let form = accept.ranked().into_iter().find_map(|wanted| match wanted.essence_str() {
        "*/*" => Some(default),
        "application/json" | "application/*" => (!follow).then_some(LogForm::JsonString),
        "text/plain" | "text/*" => Some(LogForm::Text),
        "application/x-ndjson" => Some(LogForm::JsonLines),
        "text/event-stream" => Some(LogForm::Events),
        _ => None,
    });
    form.ok_or_else(|| {
        Problem::new(
            StatusCode::NOT_ACCEPTABLE,
            "not_acceptable",
            "A log is given as text/plain, application/x-ndjson or text/event-stream, \
             and as application/json if it is not followed.",
        )
    })
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
    fn the_most_wanted_form_is_given() {
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
    fn without_a_wish_it_is_json() {
        let request = TestRequest::get().to_http_request();
        assert_eq!(accepted_form(&request, false).unwrap(), LogForm::JsonString);
        assert_eq!(accepted_form(&request, true).unwrap(), LogForm::Text);
    }

    #[test]
    fn a_log_that_is_followed_is_no_json_document() {
        let accepting =
            |accept| TestRequest::get().insert_header(("accept", accept)).to_http_request();
        assert_eq!(accepted_form(&accepting("*/*"), true).unwrap(), LogForm::Text);
        let problem = accepted_form(&accepting("application/json"), true).unwrap_err();
        assert_eq!(problem.code(), "not_acceptable");
    }
}
