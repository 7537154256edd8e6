//! Instants in requests.

use std::str::FromStr;

use chrono::{DateTime, Datelike, Utc};

/// The last year of RFC 3339.
const LAST_YEAR: i32 = 9999;

/// An instant in RFC 3339, with any offset, whose year in UTC is within RFC 3339 as well.
#[derive(Debug)]
pub(in crate::http) struct Instant(pub(in crate::http) DateTime<Utc>);

impl FromStr for Instant {
    type Err = InvalidInstant;

    fn from_str(text: &str) -> Result<Self, InvalidInstant> {
        let instant = DateTime::parse_from_rfc3339(text).map_err(|_| InvalidInstant)?.to_utc();
        // With an offset, an instant of the year 9999 may be one of the year 10000 in UTC.
        if (0..=LAST_YEAR).contains(&instant.year()) {
            Ok(Self(instant))
        } else {
            Err(InvalidInstant)
        }
    }
}

/// The text is not an instant.
#[derive(Debug, thiserror::Error)]
#[error("must be an instant like 2027-01-15T08:00:00Z")]
pub(in crate::http) struct InvalidInstant;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_parsed_instant_can_be_formatted() {
        for text in ["2027-01-15T08:00:00Z", "9999-12-31T23:59:59Z", "2027-01-15T08:00:00+23:59"] {
            text.parse::<Instant>().unwrap();
        }
        for text in [
            "9999-12-31T23:59:59-00:01",
            "+10000-01-01T00:00:00Z",
            "0000-01-01T00:00:00+00:01",
            "-0001-12-31T23:59:59Z",
            "2027-01-15",
            "",
        ] {
            assert!(text.parse::<Instant>().is_err(), "{text}");
        }
    }
}
