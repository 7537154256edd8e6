//! A web front, and the proxy before it.

use chrono::{DateTime, FixedOffset};
use fastrand::Rng;

use crate::samples::{
    cri::Line,
    programs::random::{pick, uuid},
};

/// A Node.js web front: plain request lines, and sometimes a warning on standard error.
pub(crate) fn storefront(rng: &mut Rng, _at: DateTime<FixedOffset>) -> Vec<Line> {
    if rng.u8(0..30) == 0 {
        return [
            "(node:1) MaxListenersExceededWarning: Possible EventEmitter memory leak detected. \
             11 drain listeners added to [Socket]. MaxListeners is 10.",
            "(Use `node --trace-warnings ...` to show where the warning was created)",
        ]
        .map(Line::err)
        .into();
    }
    vec![Line::out(format!(
        "{} {} {} {}.{:03} ms - {}",
        pick(rng, &["GET", "GET", "GET", "POST"]),
        path(rng),
        status(rng),
        rng.u16(1..400),
        rng.u16(0..1000),
        rng.u32(120..60_000),
    ))]
}

/// The Envoy sidecar before it: an access log, and its own messages on standard error.
pub(crate) fn proxy(rng: &mut Rng, at: DateTime<FixedOffset>) -> Vec<Line> {
    let time = at.to_utc().format("%Y-%m-%dT%H:%M:%S%.3fZ");
    if rng.u8(0..40) == 0 {
        return vec![Line::err(format!(
            "{}\tinfo\txdsproxy\tconnected to delta upstream XDS server: istiod.istio-system.svc:15012\tid={}",
            at.to_utc().format("%Y-%m-%dT%H:%M:%S%.6fZ"),
            rng.u8(2..90),
        ))];
    }
    let took = rng.u16(2..400);
    vec![Line::out(format!(
        r#"[{time}] "GET {} HTTP/1.1" {} - via_upstream - "-" 0 {} {took} {} "{}.{}.{}.{}" "Mozilla/5.0 (X11; Linux x86_64) Gecko/20100101 Firefox/145.0" "{}" "shop.example.com" "10.42.0.17:3000" inbound|3000|| 127.0.0.6:{} 10.42.0.17:3000 10.42.0.1:0 outbound_.80_._.storefront.shop.svc.cluster.local default"#,
        path(rng),
        status(rng),
        rng.u32(120..60_000),
        took - 1,
        rng.u8(11..220),
        rng.u8(..),
        rng.u8(..),
        rng.u8(1..255),
        uuid(rng),
        rng.u16(32_768..61_000),
    ))]
}

fn path(rng: &mut Rng) -> String {
    match rng.u8(0..5) {
        0 => "/".to_owned(),
        1 => format!("/search?q={}", pick(rng, &["lamp", "desk", "tea%20cup", "caf%C3%A9"])),
        2 => "/cart".to_owned(),
        _ => format!("/products/{}", rng.u16(1..2000)),
    }
}

fn status(rng: &mut Rng) -> &'static str {
    pick(rng, &["200", "200", "200", "200", "200", "304", "304", "404", "502"])
}
