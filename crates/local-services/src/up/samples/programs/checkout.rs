//! A Go service with a JSON logger, and the end of one.

use chrono::{DateTime, FixedOffset};
use fastrand::Rng;

use crate::samples::{
    cri::Line,
    programs::random::{hex, pick},
};

/// A Go service with a JSON logger; its warnings and errors go to standard error.
pub(crate) fn checkout(rng: &mut Rng, at: DateTime<FixedOffset>) -> Vec<Line> {
    let time = at.to_utc().format("%Y-%m-%dT%H:%M:%S%.6fZ");
    let (trace, order) = (hex(rng, 32), rng.u32(40_000..99_999));
    let entry = |level: &str, message: &str, fields: &str| {
        format!(
            r#"{{"time":"{time}","level":"{level}","msg":"{message}","service":"checkout","trace_id":"{trace}",{fields}}}"#
        )
    };
    vec![match rng.u8(0..20) {
        0 => Line::err(entry(
            "ERROR",
            "payment declined",
            &format!(
                r#""order_id":{order},"provider":"acquirer-eu","reason":"{}","attempt":{}"#,
                pick(rng, &["insufficient_funds", "card_expired", "do_not_honor"]),
                rng.u8(1..4),
            ),
        )),
        1 | 2 => Line::err(entry(
            "WARN",
            "slow dependency",
            &format!(
                r#""dependency":"{}","duration_ms":{},"budget_ms":250"#,
                pick(rng, &["ledger", "catalog", "postgres"]),
                rng.u32(251..1900),
            ),
        )),
        3..=7 => Line::out(entry(
            "DEBUG",
            "cart priced",
            &format!(r#""items":{},"coupon":{}"#, rng.u8(1..9), pick(rng, &["null", r#""NOV10""#])),
        )),
        _ => Line::out(entry(
            "INFO",
            "order placed",
            &format!(
                r#""order_id":{order},"customer":"{}","amount_cents":{},"currency":"EUR","duration_ms":{}"#,
                pick(rng, &["Zoë", "Jürgen", "Łukasz", "Mary", "健太"]),
                rng.u32(499..25_000),
                rng.u32(12..220),
            ),
        )),
    }]
}

/// The end of a Go program.
pub(crate) fn go_panic(rng: &mut Rng, _at: DateTime<FixedOffset>) -> Vec<Line> {
    let address = format!("0xc000{}", hex(rng, 6));
    [
        "panic: runtime error: invalid memory address or nil pointer dereference",
        "[signal SIGSEGV: segmentation violation code=0x1 addr=0x18 pc=0x8f2c4e]",
        "",
        "goroutine 4127 [running]:",
        &format!("shop/checkout/internal/order.(*Pricer).Apply({address}, 0x0)"),
        "\t/src/internal/order/pricer.go:88 +0x4e",
        &format!("shop/checkout/internal/http.(*Server).placeOrder({address}, {{0xb3a1f8, 0x1}})"),
        "\t/src/internal/http/place_order.go:61 +0x2a5",
        "net/http.HandlerFunc.ServeHTTP(0xc0003b4000?, {0xb3a1f8?, 0x1?})",
        "\t/usr/local/go/src/net/http/server.go:2294 +0x29",
        "created by net/http.(*Server).Serve in goroutine 1",
        "\t/usr/local/go/src/net/http/server.go:3454 +0x485",
    ]
    .map(Line::err)
    .into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::samples::programs::testing::{contents, output};

    #[test]
    fn the_json_logger_writes_json_on_both_streams() {
        let lines = output(checkout);
        for (_, content) in contents(&lines) {
            let entry: serde_json::Value = serde_json::from_str(content).unwrap();
            assert_eq!(entry["time"], "2026-11-21T04:00:00.123456Z");
        }
        for stream in ["stdout", "stderr"] {
            assert!(contents(&lines).any(|line| line.0 == stream), "{stream}");
        }
    }
}
