//! Settings about sessions: how long they live, and how many there may be.

use std::time::Duration;

use service_runtime::settings::{Settings, duration, positive};

use crate::{authority::Lifetimes, sessions::SessionLimits};

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
