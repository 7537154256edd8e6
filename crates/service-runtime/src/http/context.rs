//! The identity of a request: ids, client, trace, time of arrival.

use std::{fmt, net::IpAddr, sync::Arc};

use actix_web::{
    HttpMessage, HttpRequest,
    http::header::{HeaderMap, HeaderName},
};
use chrono::{DateTime, Utc};
use uuid::Uuid;

use crate::{clock::id_at, problem::REQUEST_ID};

const TRACE_PARENT: HeaderName = HeaderName::from_static("traceparent");

/// The identity of a request, in logs and towards other services.
#[derive(Debug, Clone)]
pub struct RequestContext {
    /// The caller's `X-Request-Id`, or one made here.
    pub request_id: Arc<str>,
    /// This service's place in the caller's trace, or in a new one.
    pub trace_parent: TraceParent,
    /// The client, seen through trusted proxies.
    pub client_ip: IpAddr,
    /// Whether the peer is a trusted proxy, whose word about the original request counts.
    pub has_trusted_peer: bool,
    /// Whether the client showed a certificate of a trusted client, whose word about the user
    /// counts.
    pub has_trusted_certificate: bool,
    /// When the request arrived.
    pub arrived: DateTime<Utc>,
}

impl RequestContext {
    /// The context of a request with these headers, from an untrusted peer. [`Edge`](super::Edge) makes it for each.
    #[must_use]
    pub fn new(headers: &HeaderMap, client_ip: IpAddr, arrived: DateTime<Utc>) -> Self {
        // Randomness is a system call: one is enough for both.
        let own_id = id_at(arrived);
        Self {
            request_id: given_request_id(headers).map_or_else(|| spelled(own_id), Arc::from),
            trace_parent: TraceParent::within(headers, own_id),
            client_ip,
            has_trusted_peer: false,
            has_trusted_certificate: false,
            arrived,
        }
    }

    /// The context of a request that came through the [edge](super::Edge).
    ///
    /// # Panics
    /// When it did not: the app was put together wrongly.
    #[must_use]
    pub fn of(request: &HttpRequest) -> Self {
        #[expect(clippy::expect_used, reason = "every app is wrapped in the edge")]
        request.extensions().get::<Self>().cloned().expect("the request came through the edge")
    }
}

/// What a client states about itself, for the log line of its request: put it into the request's
/// extensions. It is not verified.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ClientNote {
    /// What a person typed to make the client ask.
    pub command: Option<String>,
    /// What all requests of that command have in common.
    pub session: Option<String>,
}

fn spelled(id: Uuid) -> Arc<str> {
    Arc::from(&*id.hyphenated().encode_lower(&mut Uuid::encode_buffer()))
}

fn given_request_id(headers: &HeaderMap) -> Option<&str> {
    let id = headers.get(&REQUEST_ID)?.as_bytes();
    let acceptable = (1..=128).contains(&id.len()) && id.iter().all(u8::is_ascii_graphic);
    // Visible ASCII is UTF-8.
    if acceptable { std::str::from_utf8(id).ok() } else { None }
}

/// A position in a trace (W3C Trace Context), as the header `traceparent` spells it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TraceParent {
    trace_id: u128,
    /// This service's own span.
    span_id: u64,
    flags: u8,
}

impl TraceParent {
    /// A new span in the caller's trace if the header is valid, else in a new trace.
    fn within(headers: &HeaderMap, own_id: Uuid) -> Self {
        // The last bits of a UUIDv7 are random.
        let random = own_id.as_u128();
        let span_id = (random as u64) | 1;
        let caller = headers.get(&TRACE_PARENT).and_then(|value| Self::parse(value.to_str().ok()?));
        match caller {
            Some(caller) => Self { span_id, ..caller },
            None => Self { trace_id: random.rotate_left(64), span_id, flags: 0 },
        }
    }

    /// `00-<32 hex>-<16 hex>-<2 hex>`, lower case; a later version may have more after it. Ids of
    /// only zeros are invalid, and so is version `ff`.
    fn parse(text: &str) -> Option<Self> {
        let mut parts = text.split('-');
        let mut hex = |length: usize| {
            let part = parts.next()?;
            let lower = part.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'));
            if part.len() == length && lower { u128::from_str_radix(part, 16).ok() } else { None }
        };
        let (version, trace_id, span_id, flags) = (hex(2)?, hex(32)?, hex(16)?, hex(2)?);
        let complete = version > 0 || parts.next().is_none();
        let valid = version < 0xff && trace_id != 0 && span_id != 0 && complete;
        valid.then_some(Self { trace_id, span_id: span_id as u64, flags: flags as u8 })
    }
}

impl fmt::Display for TraceParent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "00-{:032x}-{:016x}-{:02x}", self.trace_id, self.span_id, self.flags)
    }
}

#[cfg(test)]
mod tests {
    use actix_web::http::header::HeaderValue;
    use uuid::Uuid;

    use super::*;

    fn context(name: HeaderName, value: &str) -> RequestContext {
        let mut headers = HeaderMap::new();
        headers.insert(name, HeaderValue::from_bytes(value.as_bytes()).unwrap());
        RequestContext::new(&headers, IpAddr::from([127, 0, 0, 1]), DateTime::UNIX_EPOCH)
    }

    #[test]
    fn a_visible_request_id_is_kept_and_any_other_replaced() {
        assert_eq!(&*context(REQUEST_ID, "abc-1").request_id, "abc-1");
        let long = "x".repeat(129);
        for unacceptable in ["", "two words", "ä", &long] {
            let id = context(REQUEST_ID, unacceptable).request_id;
            assert_eq!(Uuid::parse_str(&id).unwrap().get_version_num(), 7, "{unacceptable}");
        }
    }

    #[test]
    fn a_valid_trace_goes_on_in_a_new_span() {
        let given = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
        let ours = context(TRACE_PARENT, given).trace_parent.to_string();
        assert_eq!(ours[..36], given[..36]);
        assert_ne!(ours[36..52], given[36..52]);
        assert_eq!(ours[52..], given[52..]);
    }

    #[test]
    fn an_invalid_trace_is_not_continued() {
        for invalid in [
            "",
            "00",
            "00-00000000000000000000000000000000-00f067aa0ba902b7-01",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01",
            "ff-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
            "00-4BF92F3577B34DA6A3CE929D0E0E4736-00f067aa0ba902b7-01",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-more",
            "00-+bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
        ] {
            assert_eq!(TraceParent::parse(invalid), None, "{invalid}");
        }
    }
}
