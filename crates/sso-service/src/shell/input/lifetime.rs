//! How long something made from the shell lives.

use std::time::Duration;

use service_runtime::settings::duration;

/// Longer than any key is used. Much more would leave the calendar.
const LONGEST_KEY: Duration = Duration::from_secs(100 * 366 * 24 * 60 * 60);

/// Of a session: at most 366 days.
///
/// # Errors
/// When it is no duration, or too long.
pub(in crate::shell) fn session_lifetime(text: &str) -> Result<Duration, &'static str> {
    duration(text)
}

/// Of a key: at most 100 years.
///
/// # Errors
/// When it is no duration, or too long.
pub(in crate::shell) fn key_lifetime(text: &str) -> Result<Duration, &'static str> {
    match humantime::parse_duration(text) {
        Ok(lifetime) if lifetime > LONGEST_KEY => Err("is longer than 100 years"),
        Ok(lifetime) if !lifetime.is_zero() => Ok(lifetime),
        _ => Err("must be a duration like 12h or 90days"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lifetimes_have_an_end_within_the_calendar() {
        key_lifetime("100years").unwrap();
        session_lifetime("366days").unwrap();
        for huge in ["0s", "101years", "300000years", "18446744073709551615s"] {
            assert!(key_lifetime(huge).is_err() && session_lifetime(huge).is_err(), "{huge}");
        }
    }
}
