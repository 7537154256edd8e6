//! The request with which a browser brings the answer of the authority (RFC 6749, section 4.1.2).

use std::borrow::Cow;

use url::form_urlencoded;
use zeroize::Zeroizing;

/// The path that the browser comes back to.
pub(super) const CALLBACK_PATH: &str = "/callback";
/// A longer head of a request is not read, in bytes.
pub(super) const MAX_HEAD_BYTES: usize = 16 * 1024;
const MAX_HEADERS: usize = 64;

/// The answer of the authority.
#[derive(PartialEq, Eq)]
pub(super) enum Callback {
    Code(Zeroizing<String>),
    /// The user refused.
    Denied,
    /// Another error, by its code.
    Failed(String),
}

/// What a request to the port is.
#[derive(PartialEq, Eq)]
pub(super) enum LoopbackRequest {
    /// The head is not complete yet.
    Incomplete,
    /// The answer of the authority to this log-in.
    Callback(Callback),
    /// Something else: a browser asks for an icon, or another program of this machine tries.
    Other,
}

/// Reads the head of a request. Only an answer that names the state of this log-in and its issuer
/// counts (RFC 9207).
pub(super) fn read_request(head: &[u8], state: &str, issuer: &str) -> LoopbackRequest {
    let mut headers = [httparse::EMPTY_HEADER; MAX_HEADERS];
    let mut request = httparse::Request::new(&mut headers);
    match request.parse(head) {
        Ok(httparse::Status::Partial) if head.len() < MAX_HEAD_BYTES => {
            return LoopbackRequest::Incomplete;
        }
        Ok(httparse::Status::Complete(_)) if request.method == Some("GET") => {}
        _ => return LoopbackRequest::Other,
    }
    let target = request.path.and_then(|target| target.split_once('?'));
    match target {
        Some((CALLBACK_PATH, query)) => {
            callback(query, state, issuer).map_or(LoopbackRequest::Other, LoopbackRequest::Callback)
        }
        _ => LoopbackRequest::Other,
    }
}

fn callback(query: &str, state: &str, issuer: &str) -> Option<Callback> {
    let only = |name: &str| -> Option<Cow<'_, str>> {
        let mut values = form_urlencoded::parse(query.as_bytes()).filter(|(key, _)| key == name);
        values.next().filter(|_| values.next().is_none()).map(|(_, value)| value)
    };
    if only("state")? != state || only("iss")? != issuer {
        return None;
    }
    match (only("code"), only("error")) {
        (Some(code), None) => Some(Callback::Code(Zeroizing::new(code.into_owned()))),
        (None, Some(error)) if error == "access_denied" => Some(Callback::Denied),
        // The text is shown on a terminal.
        (None, Some(error)) if error.bytes().all(|b| b.is_ascii_lowercase() || b == b'_') => {
            Some(Callback::Failed(error.into_owned()))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(target: &str) -> &'static str {
        let head = format!("GET {target} HTTP/1.1\r\nhost: 127.0.0.1:1\r\n\r\n");
        word(&read_request(head.as_bytes(), "s 1", "https://sso.example"))
    }

    fn word(request: &LoopbackRequest) -> &'static str {
        match request {
            LoopbackRequest::Incomplete => "incomplete",
            LoopbackRequest::Callback(Callback::Code(code)) if **code == *"c=1" => "code",
            LoopbackRequest::Callback(Callback::Code(_)) => "wrong code",
            LoopbackRequest::Callback(Callback::Denied) => "denied",
            LoopbackRequest::Callback(Callback::Failed(_)) => "failed",
            LoopbackRequest::Other => "other",
        }
    }

    #[test]
    fn only_the_answer_to_this_log_in_counts() {
        for (target, expected) in [
            ("/callback?code=c%3D1&state=s+1&iss=https%3A%2F%2Fsso.example", "code"),
            ("/callback?iss=https://sso.example&state=s%201&code=c%3D1&more=x", "code"),
            ("/callback?error=access_denied&state=s+1&iss=https://sso.example", "denied"),
            ("/callback?error=server_error&state=s+1&iss=https://sso.example", "failed"),
            ("/callback?error=%1b[2J&state=s+1&iss=https://sso.example", "other"),
            ("/callback?code=c%3D1&state=s+2&iss=https://sso.example", "other"),
            ("/callback?code=c%3D1&iss=https://sso.example", "other"),
            ("/callback?code=c%3D1&state=s+1&iss=https://evil.example", "other"),
            ("/callback?code=c%3D1&state=s+1", "other"),
            ("/callback?code=a&code=b&state=s+1&iss=https://sso.example", "other"),
            ("/callback?code=a&error=b&state=s+1&iss=https://sso.example", "other"),
            ("/callback?state=s+1&state=s+1&code=a&iss=https://sso.example", "other"),
            ("/callback", "other"),
            ("/favicon.ico", "other"),
            ("/callback/?code=c%3D1&state=s+1&iss=https://sso.example", "other"),
        ] {
            assert_eq!(read(target), expected, "{target}");
        }
    }

    #[test]
    fn head_is_read_to_its_end_and_no_further_than_its_limit() {
        let head = b"GET /callback?code=c%3D1&state=s+1&iss=https://sso.example HTTP/1.1\r\n\r\n";
        for end in 0..head.len() {
            let read = read_request(&head[..end], "s 1", "https://sso.example");
            assert_eq!(word(&read), "incomplete", "{end}");
        }
        assert_eq!(word(&read_request(head, "s 1", "https://sso.example")), "code");
        for head in [
            &b"POST /callback?code=c&state=s+1&iss=https://sso.example HTTP/1.1\r\n\r\n"[..],
            b"\x16\x03\x01\x02\x00",
            &[b'a'; MAX_HEAD_BYTES],
        ] {
            assert_eq!(word(&read_request(head, "s 1", "https://sso.example")), "other");
        }
    }
}
