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

/// The first of the most wanted media types that there is; JSON where anything goes.
pub(super) fn accepted_form(request: &HttpRequest) -> Result<LogForm> {
    if !request
        .headers()
        .contains_key(actix_web::http::header::ACCEPT)
    {
        return Ok(LogForm::JsonString);
    }
    let accept = Accept::parse(request).map_err(|_| {
        Problem::new(
            StatusCode::BAD_REQUEST,
            "bad_request",
            "The Accept header cannot be read.",
        )
    })?;
    let forms = accept
        .ranked()
        .into_iter()
        .find_map(|wanted| match wanted.essence_str() {
            "application/json" | "application/*" | "*/*" => Some(LogForm::JsonString),
            "text/plain" | "text/*" => Some(LogForm::Text),
            _ => None,
        });
    forms.ok_or_else(|| {
        Problem::new(
            StatusCode::NOT_ACCEPTABLE,
            "not_acceptable",
            "A log is given as application/json or text/plain.",
        )
    })
}

#[cfg(test)]
mod tests {
    use actix_web::{ResponseError, test::TestRequest};

    use super::*;

    #[track_caller]
    fn check(accept: &str, expected: Result<LogForm, u16>) {
        let request = TestRequest::get()
            .insert_header(("accept", accept))
            .to_http_request();
        let form = accepted_form(&request).map_err(|problem| problem.status_code().as_u16());
        assert_eq!(form, expected, "{accept}");
    }

    #[test]
    fn the_most_wanted_form_is_given() {
        check("*/*", Ok(LogForm::JsonString));
        check("application/json", Ok(LogForm::JsonString));
        check("text/plain", Ok(LogForm::Text));
        check("text/plain; charset=utf-8", Ok(LogForm::Text));
        check("text/plain, */*", Ok(LogForm::Text));
        check(
            "text/plain;q=0.5, application/json",
            Ok(LogForm::JsonString),
        );
        check(
            "text/html,application/xhtml+xml,*/*;q=0.8",
            Ok(LogForm::JsonString),
        );
        check("text/html", Err(406));
        check("application/x-ndjson", Err(406));
    }

    #[test]
    fn without_a_wish_it_is_json() {
        let request = TestRequest::get().to_http_request();
        assert_eq!(accepted_form(&request).unwrap(), LogForm::JsonString);
    }
}
