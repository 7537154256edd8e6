//! How the containers speak: each voice is a program that somebody runs somewhere.

use chrono::{DateTime, FixedOffset};
use fastrand::Rng;

use super::cri::Line;

/// What a program writes on one occasion, at that instant: a line, or several that belong
/// together.
pub(super) type Voice = fn(&mut Rng, DateTime<FixedOffset>) -> Vec<Line>;

/// A Go service with a JSON logger; its warnings and errors go to standard error.
pub(super) fn checkout(rng: &mut Rng, at: DateTime<FixedOffset>) -> Vec<Line> {
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
pub(super) fn go_panic(rng: &mut Rng, _at: DateTime<FixedOffset>) -> Vec<Line> {
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

/// A Spring Boot service, in colour as on a terminal, with stack traces on standard error.
pub(super) fn catalog(rng: &mut Rng, at: DateTime<FixedOffset>) -> Vec<Line> {
    let time = at.to_utc().format("%Y-%m-%dT%H:%M:%S%.3fZ");
    let thread = format!("nio-8080-exec-{}", rng.u8(1..9));
    let entry = |colour: u8, level: &str, logger: &str, message: &str| {
        format!(
            "\x1b[2m{time}\x1b[0;39m \x1b[{colour}m{level:>5}\x1b[0;39m \x1b[35m1\x1b[0;39m \
             \x1b[2m--- [{thread}]\x1b[0;39m \x1b[36m{logger:<40}\x1b[0;39m \
             \x1b[2m:\x1b[0;39m {message}"
        )
    };
    let product = rng.u16(1..2000);
    match rng.u8(0..24) {
        0 => {
            let message = format!("Cannot read product {product}");
            let error = entry(31, "ERROR", "c.e.shop.catalog.ProductController", &message);
            let mut lines = vec![Line::out(error)];
            lines.extend(java_stack_trace(rng.u16(30_000..31_000)));
            lines
        }
        1 | 2 => vec![Line::out(entry(
            33,
            "WARN",
            "com.zaxxer.hikari.pool.PoolBase",
            "HikariPool-1 - Failed to validate connection (This connection has been closed.)",
        ))],
        3..=5 => vec![Line::out(entry(
            32,
            "INFO",
            "c.e.shop.catalog.SearchIndex",
            &format!("Reindexed {} products in {} ms", rng.u16(50..900), rng.u16(20..700)),
        ))],
        _ => vec![Line::out(entry(
            32,
            "INFO",
            "c.e.shop.catalog.ProductController",
            &format!("GET /products/{product} 200 in {} ms", rng.u8(1..90)),
        ))],
    }
}

fn java_stack_trace(waited: u16) -> impl Iterator<Item = Line> {
    [
        "org.springframework.jdbc.CannotGetJdbcConnectionException: Failed to obtain JDBC Connection",
        "\tat org.springframework.jdbc.datasource.DataSourceUtils.getConnection(DataSourceUtils.java:84)",
        "\tat org.springframework.jdbc.core.JdbcTemplate.execute(JdbcTemplate.java:653)",
        "\tat com.example.shop.catalog.ProductRepository.find(ProductRepository.java:41)",
        "\tat com.example.shop.catalog.ProductController.product(ProductController.java:29)",
        "\tat java.base/java.lang.Thread.run(Thread.java:1583)",
        &format!(
            "Caused by: java.sql.SQLTransientConnectionException: HikariPool-1 - Connection is not \
             available, request timed out after {waited}ms (total=10, active=10, idle=0, waiting=7)"
        ),
        "\tat com.zaxxer.hikari.pool.HikariPool.createTimeoutException(HikariPool.java:686)",
        "\t... 4 common frames omitted",
    ]
    .map(Line::err)
    .into_iter()
}

/// A Node.js web front: plain request lines, now and then a warning on standard error.
pub(super) fn storefront(rng: &mut Rng, _at: DateTime<FixedOffset>) -> Vec<Line> {
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

/// The Envoy sidecar before it: an access log, and its own words on standard error.
pub(super) fn proxy(rng: &mut Rng, at: DateTime<FixedOffset>) -> Vec<Line> {
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

/// A service that logs `key=value`, and now and then a whole batch on one line of many KiB.
pub(super) fn ledger(rng: &mut Rng, at: DateTime<FixedOffset>) -> Vec<Line> {
    let time = at.to_utc().format("%Y-%m-%dT%H:%M:%S%.3fZ");
    vec![match rng.u8(0..16) {
        0 => Line::out(format!(
            r#"ts={time} level=debug msg="settlement batch closed" batch={} entries="{}""#,
            uuid(rng),
            settlement_entries(rng),
        )),
        1 => Line::err(format!(
            r#"ts={time} level=warn msg="posting retried" account=ACC-{:06} attempt={} err="could not serialize access due to concurrent update""#,
            rng.u32(..1_000_000),
            rng.u8(2..5),
        )),
        _ => Line::out(format!(
            r#"ts={time} level=info msg="entry posted" entry={} debit=ACC-{:06} credit=ACC-{:06} amount={}.{:02} currency=EUR"#,
            uuid(rng),
            rng.u32(..1_000_000),
            rng.u32(..1_000_000),
            rng.u16(1..900),
            rng.u8(..100),
        )),
    }]
}

/// Some 13 to 47 KiB.
fn settlement_entries(rng: &mut Rng) -> String {
    let entries: Vec<_> = (0..rng.u16(400..1400))
        .map(|_| {
            let account = rng.u32(..1_000_000);
            format!("{}:ACC-{account:06}:{:>7}.{:02}", hex(rng, 10), rng.u16(1..900), rng.u8(..100))
        })
        .collect();
    entries.join(",")
}

/// A component of Kubernetes: klog, all on standard error.
pub(super) fn klog(rng: &mut Rng, at: DateTime<FixedOffset>) -> Vec<Line> {
    let node = pick(rng, &["worker-1", "worker-2", "control-plane"]);
    let (severity, message) = match rng.u8(0..16) {
        0 => (
            'E',
            format!(
                "scraper.go:149] \"Failed to scrape node\" err=\"Get \\\"https://10.0.0.{}:10250/metrics/resource\\\": \
                 context deadline exceeded\" node=\"{node}\"",
                rng.u8(2..9),
            ),
        ),
        1 | 2 => (
            'W',
            format!("reflector.go:561] watch of *v1.Node ended with: too old resource version: {}", rng.u32(..)),
        ),
        3..=6 => ('I', "server.go:191] \"Failed probe\" probe=\"metric-storage-ready\" err=\"no metrics to store\"".into()),
        _ => (
            'I',
            format!(
                "httplog.go:132] \"HTTP\" verb=\"LIST\" URI=\"/apis/metrics.k8s.io/v1beta1/pods\" latency=\"{}.{:03}ms\" \
                 userAgent=\"kube-controller-manager\" audit-ID=\"{}\" srcIP=\"10.0.0.2:{}\" resp=200",
                rng.u8(1..60),
                rng.u16(..1000),
                uuid(rng),
                rng.u16(32_768..61_000),
            ),
        ),
    };
    vec![Line::err(format!("{severity}{} {:>7} {message}", at.format("%m%d %H:%M:%S%.6f"), 1))]
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

fn pick(rng: &mut Rng, of: &[&'static str]) -> &'static str {
    of[rng.usize(..of.len())]
}

fn hex(rng: &mut Rng, digits: usize) -> String {
    (0..digits).map(|_| rng.digit(16)).collect()
}

/// A random UUID (RFC 9562, version 4).
pub(super) fn uuid(rng: &mut Rng) -> String {
    let (first, second, third, fourth) = (hex(rng, 8), hex(rng, 4), hex(rng, 3), hex(rng, 3));
    let variant = pick(rng, &["8", "9", "a", "b"]);
    format!("{first}-{second}-4{third}-{variant}{fourth}-{}", hex(rng, 12))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at() -> DateTime<FixedOffset> {
        DateTime::parse_from_rfc3339("2026-11-21T05:00:00.123456789+01:00").unwrap()
    }

    /// What a voice says over a long time.
    fn listen(voice: Voice) -> Vec<String> {
        let mut rng = Rng::with_seed(7);
        let lines = (0..500).flat_map(|_| voice(&mut rng, at()));
        lines
            .flat_map(|line| line.encode(at()))
            .map(|line| String::from_utf8(line).unwrap())
            .collect()
    }

    fn contents(lines: &[String]) -> impl Iterator<Item = (&str, &str)> {
        lines.iter().map(|line| {
            let mut parts = line.trim_end().splitn(4, ' ').skip(1);
            let stream = parts.next().unwrap();
            (stream, parts.nth(1).unwrap_or_default())
        })
    }

    #[test]
    fn the_json_logger_writes_json_on_both_streams() {
        let lines = listen(checkout);
        for (_, content) in contents(&lines) {
            let entry: serde_json::Value = serde_json::from_str(content).unwrap();
            assert_eq!(entry["time"], "2026-11-21T04:00:00.123456Z");
        }
        for stream in ["stdout", "stderr"] {
            assert!(contents(&lines).any(|line| line.0 == stream), "{stream}");
        }
    }

    #[test]
    fn klog_has_its_header() {
        let lines = listen(klog);
        for (stream, content) in contents(&lines) {
            assert_eq!(stream, "stderr");
            assert_eq!(&content[1..30], "1121 05:00:00.123456       1 ", "{content}");
        }
    }

    #[test]
    fn stack_traces_and_colours_occur() {
        let lines = listen(catalog);
        assert!(contents(&lines).any(|line| line.1.starts_with("\tat ")));
        assert!(contents(&lines).any(|line| line.1.contains("\x1b[31mERROR")));
    }

    #[test]
    fn long_lines_occur_but_are_rare() {
        let lines = listen(ledger);
        let partial = lines.iter().filter(|line| line.contains(" stdout P ")).count();
        assert!((1..lines.len() / 4).contains(&partial), "{partial} of {}", lines.len());
    }
}
