//! When the user of a session logged in.

use uuid::Uuid;

/// When the user of a session logged in, in milliseconds since 1970. The id of the session, a
/// UUIDv7, tells: that of a session that another one vouched for has the time of that one.
pub(crate) fn log_in_millis(session_id: Uuid) -> i64 {
    let (seconds, nanos) =
        session_id.get_timestamp().map_or((0, 0), |timestamp| timestamp.to_unix());
    i64::try_from(seconds).unwrap_or_default() * 1000 + i64::from(nanos / 1_000_000)
}
