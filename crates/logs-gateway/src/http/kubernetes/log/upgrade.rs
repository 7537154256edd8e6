//! Requests that ask for a WebSocket (`apiserver/pkg/authentication/request/websocket`,
//! `apimachinery/pkg/util/httpstream/wsstream`).

use std::convert::Infallible;

use actix_http::ws;
use actix_web::{
    HttpResponse,
    body::{BodyStream, BoxBody},
    dev::RequestHead,
    http::{
        Version,
        header::{self, HeaderValue},
    },
    web::Bytes,
};
use base64::prelude::{BASE64_URL_SAFE_NO_PAD, Engine};
use futures_util::Stream;
use shared_types::BearerToken;
use zeroize::Zeroizing;

use crate::http::kubernetes::status::{Result, StatusError};

/// The prefix of a protocol name that contains a token: a browser cannot set a header.
const TOKEN_PREFIX: &str = "base64url.bearer.authorization.k8s.io.";

const BINARY: &str = "binary.k8s.io";
const BASE64: &str = "base64.binary.k8s.io";

/// The encoding of a log in messages.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::http::kubernetes) enum Framing {
    Binary,
    Base64,
}

/// Whether the request asks for a WebSocket. Only HTTP/1.1 has upgrades (RFC 9110 §7.8).
pub(in crate::http::kubernetes) fn is_asked_for(head: &RequestHead) -> bool {
    let is_websocket = |value: &HeaderValue| value.as_bytes().eq_ignore_ascii_case(b"websocket");
    head.version == Version::HTTP_11
        && head.upgrade()
        && head.headers().get(header::UPGRADE).is_some_and(is_websocket)
}

/// The token among the protocols, if there is exactly one, it can be decoded, and there is another
/// protocol: the answer must name one of them, and never a token.
pub(in crate::http::kubernetes) fn token(head: &RequestHead) -> Option<BearerToken> {
    if !is_asked_for(head) {
        return None;
    }
    let (tokens, others): (Vec<_>, Vec<_>) =
        asked_protocols(head).partition(|protocol| protocol.starts_with(TOKEN_PREFIX));
    let ([token], false) = (&tokens[..], others.is_empty()) else {
        return None;
    };
    let token = BASE64_URL_SAFE_NO_PAD.decode(&token[TOKEN_PREFIX.len()..]).map(Zeroizing::new);
    BearerToken::parse(&token.ok()?).ok()
}

fn asked_protocols(head: &RequestHead) -> impl Iterator<Item = &str> {
    let values = head.headers().get_all(header::SEC_WEBSOCKET_PROTOCOL);
    let protocols = values.filter_map(|value| value.to_str().ok()).flat_map(|all| all.split(','));
    protocols.map(str::trim).filter(|protocol| !protocol.is_empty())
}

/// The answer to a request for a WebSocket.
pub(in crate::http::kubernetes) struct Handshake {
    response: HttpResponse<()>,
    pub(in crate::http::kubernetes) framing: Framing,
}

impl Handshake {
    /// Selects the first requested protocol that is supported, and none if none is requested.
    ///
    /// # Errors
    /// When the handshake is invalid, or no requested protocol is supported.
    pub(in crate::http::kubernetes) fn with(head: &RequestHead) -> Result<Self> {
        let mut response =
            ws::handshake(head).map_err(|fault| StatusError::bad_handshake(&fault))?;
        if head.headers().contains_key(header::TRANSFER_ENCODING) {
            // The bytes after a body would be another request, not messages of the client.
            return Err(StatusError::bad_handshake(&"a request for a WebSocket has no body"));
        }
        let asked: Vec<_> =
            asked_protocols(head).filter(|one| !one.starts_with(TOKEN_PREFIX)).collect();
        let known = asked.iter().find_map(|protocol| match *protocol {
            BINARY => Some((BINARY, Framing::Binary)),
            BASE64 => Some((BASE64, Framing::Base64)),
            _ => None,
        });
        let framing = match known {
            Some((protocol, framing)) => {
                response.insert_header((header::SEC_WEBSOCKET_PROTOCOL, protocol));
                framing
            }
            None if asked.is_empty() => Framing::Binary,
            None => return Err(StatusError::unknown_protocols(&asked, &[BINARY, BASE64])),
        };
        Ok(Self { response: response.finish().drop_body().into(), framing })
    }

    /// From here on these bytes are sent.
    pub(in crate::http::kubernetes) fn answer(
        self,
        bytes: impl Stream<Item = std::result::Result<Bytes, Infallible>> + 'static,
    ) -> HttpResponse {
        self.response.map_body(|_, ()| BoxBody::new(BodyStream::new(bytes)))
    }
}

#[cfg(test)]
mod tests {
    use actix_web::{ResponseError, test::TestRequest};

    use super::*;

    const TOKEN: &str = "base64url.bearer.authorization.k8s.io.c3NvXzE";

    fn asking(protocols: &[&str]) -> TestRequest {
        let request = TestRequest::get()
            .insert_header(("connection", "keep-alive, Upgrade"))
            .insert_header(("upgrade", "WebSocket"))
            .insert_header(("sec-websocket-version", "13"))
            .insert_header(("sec-websocket-key", "x3JJHMbDL1EzLkh9GBhXDw=="));
        protocols.iter().fold(request, |request, protocols| {
            request.append_header(("sec-websocket-protocol", *protocols))
        })
    }

    #[track_caller]
    fn check_token(protocols: &[&str], expected: Option<&str>) {
        let found = token(asking(protocols).to_http_request().head());
        assert_eq!(found.as_ref().map(BearerToken::expose), expected, "{protocols:?}");
    }

    #[test]
    fn a_token_may_be_among_the_protocols() {
        check_token(&[&format!("{TOKEN}, binary.k8s.io")], Some("sso_1"));
        check_token(&["binary.k8s.io", TOKEN], Some("sso_1"));
        check_token(&["binary.k8s.io"], None);
        check_token(&[], None);
    }

    #[test]
    fn a_lone_repeated_or_malformed_token_protocol_gives_no_token() {
        check_token(&[TOKEN], None);
        check_token(&[TOKEN, ","], None);
        check_token(&[TOKEN, TOKEN, "binary.k8s.io"], None);
        for token in ["", "c3NvXzE=", "c3NvXzF", "c3+vXzE", "w6Q", "/w"] {
            check_token(&[&format!("{TOKEN_PREFIX}{token}"), "binary.k8s.io"], None);
        }
    }

    #[test]
    fn a_token_counts_only_where_a_websocket_is_asked_for() {
        let protocols = ("sec-websocket-protocol", format!("{TOKEN}, binary.k8s.io"));
        let request = TestRequest::get().insert_header(protocols).to_http_request();
        assert!(token(request.head()).is_none());
        let request = asking(&[TOKEN, "binary.k8s.io"]).version(Version::HTTP_2);
        assert!(token(request.to_http_request().head()).is_none());
    }

    /// The framing and the selected protocol, or the status of the refusal.
    #[track_caller]
    fn check_handshake(
        protocols: &[&str],
        expected: std::result::Result<(Framing, Option<&str>), u16>,
    ) {
        let request = asking(protocols).to_http_request();
        let handshake = Handshake::with(request.head());
        let found =
            handshake.as_ref().map_err(|status| status.status_code().as_u16()).map(|shaken| {
                let protocol = shaken.response.headers().get(header::SEC_WEBSOCKET_PROTOCOL);
                (shaken.framing, protocol.map(|protocol| protocol.to_str().unwrap()))
            });
        assert_eq!(found, expected, "{protocols:?}");
    }

    #[test]
    fn the_first_protocol_that_is_known_is_spoken() {
        check_handshake(&[], Ok((Framing::Binary, None)));
        check_handshake(&["binary.k8s.io"], Ok((Framing::Binary, Some(BINARY))));
        check_handshake(&["base64.binary.k8s.io"], Ok((Framing::Base64, Some(BASE64))));
        check_handshake(
            &["v4.channel.k8s.io", "base64.binary.k8s.io,binary.k8s.io"],
            Ok((Framing::Base64, Some(BASE64))),
        );
        check_handshake(&[TOKEN, "binary.k8s.io"], Ok((Framing::Binary, Some(BINARY))));
        check_handshake(&["v4.channel.k8s.io"], Err(403));
        check_handshake(&[TOKEN, "Binary.k8s.io"], Err(403));
    }

    #[test]
    fn a_handshake_without_version_or_key_or_with_a_body_is_refused() {
        for name in ["sec-websocket-version", "sec-websocket-key", "transfer-encoding"] {
            let request = asking(&[]).insert_header((name, "chunked")).to_http_request();
            let status = Handshake::with(request.head()).err().unwrap();
            assert_eq!(status.status_code(), 400, "{name}");
        }
    }
}
