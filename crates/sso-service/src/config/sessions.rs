//! Settings about sessions: how long they live, and how many there may be.

use std::time::Duration;

use service_runtime::settings::{Settings, duration, positive};

use crate::{authority::Lifetimes, sessions::SessionLimits};

const SECOND: Duration = Duration::from_secs(1);
const HALF_HOUR: Duration = Duration::from_secs(30 * 60);
const HOUR: Duration = Duration::from_secs(60 * 60);

/// How long tokens and sessions live.
pub(super) fn lifetimes(settings: &mut Settings) -> Lifetimes {
    let mut lifetime = |name, default| settings.get(name, duration).unwrap_or(default);
    Lifetimes {
        token: lifetime("SSO_TOKEN_TTL", HALF_HOUR),
        refresh: lifetime("SSO_REFRESH_TTL", 8 * HOUR),
        session: lifetime("SSO_SESSION_MAX_AGE", 24 * HOUR),
    }
}

/// How many sessions there may be.
pub(super) fn session_limits(settings: &mut Settings) -> SessionLimits {
    SessionLimits {
        per_user: settings.get("SSO_MAX_SESSIONS_PER_USER", positive).unwrap_or(20),
        total: settings.get("SSO_MAX_SESSIONS", positive).unwrap_or(10_000_000),
    }
}

/// How long an instance on PostgreSQL may answer from memory without a look at the database, which
/// is also the longest time that a revocation waits for an instance that does not answer.
pub(super) fn stale_max(settings: &mut Settings) -> Duration {
    settings.get("SSO_STORE_STALE_MAX", between_half_and_ten_seconds).unwrap_or(2 * SECOND)
}

fn between_half_and_ten_seconds(text: &str) -> Result<Duration, &'static str> {
    let stale_max = duration(text)?;
    match SECOND / 2 <= stale_max && stale_max <= 10 * SECOND {
        true => Ok(stale_max),
        false => Err("must be between 500ms and 10s"),
    }
}
