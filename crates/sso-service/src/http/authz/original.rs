//! The request that a proxy asks about.

use actix_web::{
    HttpRequest,
    http::header::{HOST, HeaderMap},
};
use service_runtime::http::RequestContext;
use url::Url;

const FORWARDED_METHOD: &str = "x-forwarded-method";
const FORWARDED_PROTO: &str = "x-forwarded-proto";
const FORWARDED_HOST: &str = "x-forwarded-host";
const FORWARDED_URI: &str = "x-forwarded-uri";

/// The request that a proxy asks about, as far as its headers describe it.
#[derive(Debug)]
pub(super) struct OriginalRequest {
    /// Whether the method only reads: GET or HEAD.
    pub(super) reads: bool,
    /// The URL, if the headers name one. It is untrusted: parsed, but not checked.
    pub(super) url: Option<Url>,
    /// Whether a trusted proxy named the URL. Otherwise it may not be redirected to.
    pub(super) is_trusted: bool,
}

impl OriginalRequest {
    /// The request as described by `X-Forwarded-{Method,Proto,Host,Uri}` (Traefik, Caddy).
    pub(super) fn forwarded(request: &HttpRequest) -> Self {
        let (headers, is_trusted) = (request.headers(), comes_from_a_proxy(request));
        let own = request.method().as_str();
        // A repeated header is no method that reads.
        let described = || only(headers, FORWARDED_METHOD).unwrap_or_default();
        let is_described = is_trusted && headers.contains_key(FORWARDED_METHOD);
        Self {
            reads: reads(if is_described { described() } else { own }),
            url: forwarded_url(headers, FORWARDED_URI),
            is_trusted,
        }
    }

    /// The request as described to nginx's check: by `X-Original-URL`, else by `X-Original-URI` or
    /// `X-Forwarded-Uri` with `X-Forwarded-{Proto,Host}`.
    pub(super) fn of_nginx(request: &HttpRequest) -> Self {
        let headers = request.headers();
        let url = only(headers, "x-original-url").and_then(|url| Url::parse(url).ok());
        let url = url
            .or_else(|| forwarded_url(headers, "x-original-uri"))
            .or_else(|| forwarded_url(headers, FORWARDED_URI));
        Self { reads: true, url, is_trusted: comes_from_a_proxy(request) }
    }

    /// The request as Envoy repeats it: its own method and `Host`, and this target.
    pub(super) fn repeated(request: &HttpRequest, target: &str) -> Self {
        let headers = request.headers();
        let host = only(headers, FORWARDED_HOST).or_else(|| only(headers, HOST.as_str()));
        Self {
            reads: reads(request.method().as_str()),
            url: url_of(only(headers, FORWARDED_PROTO), host, target),
            is_trusted: comes_from_a_proxy(request),
        }
    }
}

fn comes_from_a_proxy(request: &HttpRequest) -> bool {
    RequestContext::of(request).has_trusted_peer
}

fn reads(method: &str) -> bool {
    matches!(method, "GET" | "HEAD")
}

fn forwarded_url(headers: &HeaderMap, target: &str) -> Option<Url> {
    let [scheme, host, target] = [FORWARDED_PROTO, FORWARDED_HOST, target];
    url_of(only(headers, scheme), only(headers, host), only(headers, target)?)
}

/// The URL of these parts. A target without a leading slash would become a part of the host.
fn url_of(scheme: Option<&str>, host: Option<&str>, target: &str) -> Option<Url> {
    let (scheme, host) = (scheme?, host?);
    let is_whole = target.starts_with('/') && !host.contains(['/', '\\', '?', '#', '@']);
    if !is_whole {
        return None;
    }
    Url::parse(&format!("{scheme}://{host}{target}")).ok()
}

/// The value of a header that is given once, and is text.
fn only<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    let mut values = headers.get_all(name);
    let value = values.next().filter(|_| values.next().is_none())?;
    value.to_str().ok()
}
