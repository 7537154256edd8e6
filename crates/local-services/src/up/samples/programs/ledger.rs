//! A service with very long lines.

use chrono::{DateTime, FixedOffset};
use fastrand::Rng;

use crate::samples::{
    cri::Line,
    programs::random::{hex, uuid},
};

/// A service that logs `key=value`, and sometimes a whole batch on one line of many KiB.
pub(crate) fn ledger(rng: &mut Rng, at: DateTime<FixedOffset>) -> Vec<Line> {
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

/// A line of about 13 to 47 KiB.
fn settlement_entries(rng: &mut Rng) -> String {
    let entries: Vec<_> = (0..rng.u16(400..1400))
        .map(|_| {
            let account = rng.u32(..1_000_000);
            format!("{}:ACC-{account:06}:{:>7}.{:02}", hex(rng, 10), rng.u16(1..900), rng.u8(..100))
        })
        .collect();
    entries.join(",")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::samples::programs::testing::output;

    #[test]
    fn long_lines_occur_but_are_rare() {
        let lines = output(ledger);
        let partial = lines.iter().filter(|line| line.contains(" stdout P ")).count();
        assert!((1..lines.len() / 4).contains(&partial), "{partial} of {}", lines.len());
    }
}
