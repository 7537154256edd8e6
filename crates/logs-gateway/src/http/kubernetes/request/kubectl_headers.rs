//! Headers in which kubectl names its command.

use actix_web::http::header::HeaderMap;
use service_runtime::http::ClientNote;

const MAX_BYTES: usize = 128;

/// The words of the command without its arguments, and the id of its run
/// (`k8s.io/cli-runtime`, `CommandHeaderRoundTripper`).
pub(in crate::http::kubernetes) fn note(headers: &HeaderMap) -> ClientNote {
    let text = |name| headers.get(name).and_then(|value| plain(value.as_bytes()));
    ClientNote { command: text("kubectl-command"), session: text("kubectl-session") }
}

/// Whether a value is short, and has only characters that neither break a line of the log nor occur
/// in a token, which has an underscore.
fn plain(text: &[u8]) -> Option<String> {
    let is_plain = |letter: &u8| letter.is_ascii_alphanumeric() || b" -./:".contains(letter);
    let is_fit = (1..=MAX_BYTES).contains(&text.len()) && text.iter().all(is_plain);
    is_fit.then(|| String::from_utf8_lossy(text).into_owned())
}

#[cfg(test)]
mod tests {
    use actix_web::http::header::{HeaderName, HeaderValue};

    use super::*;

    #[track_caller]
    fn check(command: &[u8], expected: Option<&str>) {
        let mut headers = HeaderMap::new();
        let name = HeaderName::from_static("kubectl-command");
        headers.insert(name, HeaderValue::from_bytes(command).unwrap());
        let note = note(&headers);
        assert_eq!((note.command.as_deref(), note.session), (expected, None));
    }

    #[test]
    fn only_a_short_plain_command_is_logged() {
        check(b"kubectl logs", Some("kubectl logs"));
        check(&[b'a'; MAX_BYTES], Some(&"a".repeat(MAX_BYTES)));
        check(&[b'a'; MAX_BYTES + 1], None);
        for command in [&b""[..], b"a\tb", b"a\"b", b"a=b", b"sso_token", "ä".as_bytes(), b"\xff"]
        {
            check(command, None);
        }
    }
}
