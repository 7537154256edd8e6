//! The media types that a client accepts.

use actix_web::http::header::{ACCEPT, HeaderMap};

/// Whether the client asks for a page: browsers name HTML, other programs do not.
pub(in crate::http) fn wants_html(headers: &HeaderMap) -> bool {
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
    fn a_client_that_names_html_gets_html() {
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
