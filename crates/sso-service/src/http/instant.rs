//! Instants as they are written in requests.

use std::str::FromStr;

use chrono::{DateTime, Utc};

/// An instant in the form of RFC 3339, of whatever offset.
#[derive(Debug)]
pub(super) struct Instant(pub(super) DateTime<Utc>);

impl FromStr for Instant {
    type Err = InvalidInstant;

    fn from_str(text: &str) -> Result<Self, InvalidInstant> {
        let instant = DateTime::parse_from_rfc3339(text).map_err(|_| InvalidInstant)?;
        Ok(Self(instant.to_utc()))
    }
}

/// The text is no instant.
#[derive(Debug, thiserror::Error)]
#[error("is no instant like 2027-01-15T08:00:00Z")]
pub(super) struct InvalidInstant;
