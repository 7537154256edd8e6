//! Errors, for people.

use actix_web::{
    HttpRequest, ResponseError,
    http::{
        StatusCode,
        header::{ACCEPT, HeaderMap},
    },
};
use askama::Template;
use service_runtime::http::{Problem, RequestContext, Result};

use super::page::shown;
use crate::site::Landing;

#[derive(Template)]
#[template(path = "error.html")]
struct ErrorPage<'a> {
    title: &'static str,
    text: String,
    request_id: &'a str,
}

/// The answer of a page's handler. A browser gets its error as a page, anybody else as a problem.
pub(super) fn for_people<T>(request: &HttpRequest, answer: Result<T>) -> Result<T> {
    answer.map_err(|problem| {
        if problem.is_shown() || !wants_html(request.headers()) {
            return problem;
        }
        let request_id = &RequestContext::of(request).request_id;
        let (title, text) = words(&problem);
        shown(problem, &ErrorPage { title, text, request_id }, &Landing::Account)
    })
}

/// Whether a person asks: browsers name HTML, programs take what they get.
pub(super) fn wants_html(headers: &HeaderMap) -> bool {
    let mut ranges = headers.get_all(ACCEPT).flat_map(|line| line.as_bytes().split(is_comma));
    ranges.any(|range| {
        let mut parts = range.split(|byte| *byte == b';').map(<[u8]>::trim_ascii);
        let is_html = parts.next().is_some_and(|name| name.eq_ignore_ascii_case(b"text/html"));
        is_html && !parts.any(is_zero_quality)
    })
}

/// `q=0`, with up to three more digits (RFC 9110, section 12.4.2).
fn is_zero_quality(parameter: &[u8]) -> bool {
    let value = parameter.strip_prefix(b"q=").or_else(|| parameter.strip_prefix(b"Q="));
    value.is_some_and(|value| {
        value.starts_with(b"0") && value.iter().all(|byte| b"0.".contains(byte))
    })
}

fn is_comma(byte: &u8) -> bool {
    *byte == b','
}

fn words(problem: &Problem) -> (&'static str, String) {
    let (title, text) = match (problem.code(), problem.status_code()) {
        ("csrf", _) => (
            "That was not accepted",
            "It does not seem to come from our own page. Go back, load the page again, and retry.",
        ),
        (_, StatusCode::SERVICE_UNAVAILABLE) => (
            "Try again in a moment",
            "We cannot look that up right now. Nothing has changed: if you were logged in, you \
             still are.",
        ),
        (_, StatusCode::TOO_MANY_REQUESTS) => {
            ("Try again in a moment", "That came too soon after the last time.")
        }
        (_, status) if status.is_server_error() => {
            ("Something went wrong", "It is our fault, and nothing has changed.")
        }
        _ => ("That did not work", problem.detail()),
    };
    (title, text.to_owned())
}

#[cfg(test)]
mod tests {
    use actix_web::http::header::HeaderValue;

    use super::*;

    #[track_caller]
    fn check(accept: &[&str], expected: bool) {
        let mut headers = HeaderMap::new();
        for line in accept {
            headers.append(ACCEPT, HeaderValue::from_str(line).unwrap());
        }
        assert_eq!(wants_html(&headers), expected, "{accept:?}");
    }

    #[test]
    fn who_names_html_gets_html() {
        check(&["text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"], true);
        check(&["application/json, Text/HTML;q=0.5"], true);
        check(&["application/json", "text/html"], true);
        check(&["text/html;q=0, application/json"], false);
        check(&["text/html; level=1; Q=0.000"], false);
        check(&["text/html;q=0.01"], true);
        check(&["*/*"], false);
        check(&["text/*"], false);
        check(&["text/html5"], false);
        check(&["application/json"], false);
        check(&[], false);
    }
}
