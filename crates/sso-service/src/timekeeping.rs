//! Time goes on from the greatest instant that any process on this database has seen, so that
//! nothing that has expired becomes valid again.

use chrono::{DateTime, TimeDelta, Utc};
use service_runtime::clock::{Clock, SystemClock};

use crate::store::{Store, Unavailable};

/// How far the clock may be behind the greatest instant seen when a service starts. Less is what
/// a machine's clock is corrected by.
const MAX_LAG: TimeDelta = TimeDelta::minutes(5);

/// Has the clock of a service that starts go on from the greatest instant seen.
///
/// # Errors
/// When the clock is too far behind it, or the database cannot be read.
pub(crate) async fn continue_time(store: &Store, clock: &SystemClock) -> Result<(), ClockError> {
    let (now, seen) = (clock.now(), store.greatest_instant().await?);
    if seen - now > MAX_LAG {
        return Err(ClockError::Behind { now, seen });
    }
    clock.continue_from(seen);
    Ok(())
}

/// The clock of a command, which may run beside a service: it goes on from the greatest instant
/// seen however far the machine's clock is behind.
///
/// # Errors
/// When the database cannot be read.
pub(crate) async fn clock_of(store: &Store) -> Result<SystemClock, Unavailable> {
    let clock = SystemClock::default();
    if let Some(now) = store.server_time().await? {
        clock.follow(now);
    }
    clock.continue_from(store.greatest_instant().await?);
    Ok(clock)
}

/// The service cannot start by this clock.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ClockError {
    /// The clock was set back, or was ahead when the service ran before.
    #[error(
        "the clock of this machine is behind: it says {now}, and the service has run until {seen}. \
         Set the clock right; or, if the clock was wrong before, run `sso-service admin clock \
         reset`, which ends all sessions"
    )]
    Behind {
        /// The time of the clock.
        now: DateTime<Utc>,
        /// The greatest instant seen.
        seen: DateTime<Utc>,
    },
    /// The database cannot be read.
    #[error("SSO_DATABASE_URL: {0}")]
    Unavailable(#[from] Unavailable),
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use actix_web::http::Method;
    use serde_json::json;

    use super::*;
    use crate::{
        store::{Attribution, Location},
        test_service::{LIFETIMES, LIMITS, TestService, noon},
    };

    async fn reset_at(store: &Store, now: DateTime<Utc>) {
        let by = Attribution::unrecorded(now);
        store.reset_clock(now, by).await.unwrap();
    }

    #[tokio::test]
    async fn a_service_continues_from_the_stored_instant() {
        let (store, clock) = (Store::in_memory().await, SystemClock::default());
        let start = clock.now();
        for (lead, expected) in [(0, true), (60, true), (299, true), (301, false), (3600, false)] {
            let seen = start + TimeDelta::seconds(lead);
            reset_at(&store, seen).await;
            let clock = SystemClock::default();
            let result = continue_time(&store, &clock).await;
            assert_eq!(result.is_ok(), expected, "{lead}: {result:?}");
            assert_eq!(clock.now() >= seen, expected, "{lead}");
        }
    }

    #[tokio::test]
    async fn a_command_continues_with_a_clock_behind_the_stored_instant() {
        let store = Store::in_memory().await;
        let seen = SystemClock::default().now() + TimeDelta::days(3650);
        store.persist_instant(seen).await.unwrap();
        assert!(clock_of(&store).await.unwrap().now() >= seen);
    }

    #[tokio::test]
    async fn the_greatest_instant_is_kept() {
        let store = Store::in_memory().await;
        let early = DateTime::from_timestamp(1_800_000_000, 0).unwrap();
        let late = early + TimeDelta::days(3650);
        for now in [early, late, early] {
            store.persist_instant(now).await.unwrap();
        }
        assert_eq!(store.greatest_instant().await.unwrap(), late);
    }

    /// Creates a key that expires after so many days.
    async fn key(service: &TestService, admin: &str, name: &str, days: u64) -> String {
        let end = service.clock.now() + Duration::from_secs(days * 24 * 3600);
        let wish = json!({"name": name, "permissions": ["logs:read"], "expires_at": end});
        let answer = service.call(Method::POST, "/admin/keys", admin, wish).await;
        assert_eq!(answer.status, 201, "{:?}", answer.body);
        answer.body["key"].as_str().unwrap().to_owned()
    }

    #[actix_web::test]
    async fn a_reset_ends_everything_made_or_expired_while_the_clock_was_ahead() {
        let directory = tempfile::tempdir().unwrap();
        let location = Location::File(directory.path().join("sso.db"));
        let service = TestService::with(LIFETIMES, LIMITS, &location).await;
        let before = service.add_admin("root").await;
        let expired = key(&service, &before, "expired", 1).await;
        let lasting = key(&service, &before, "lasting", 20 * 365).await;
        service.clock.advance(Duration::from_secs(10 * 365 * 24 * 3600));
        let ahead = service.log_in("root").await;
        let from_ahead = key(&service, &ahead, "ahead", 1).await;
        service.upkeep.finish().await;
        service.store.close().await;

        let hour = Duration::from_secs(3600);
        let stopped = Store::open_for_command(&location).await.unwrap();
        reset_at(&stopped, noon() + hour).await;
        stopped.close().await;
        let service = TestService::with(LIFETIMES, LIMITS, &location).await;
        service.clock.advance(hour);
        for token in [&before, &ahead, &expired, &from_ahead] {
            assert_eq!(service.validate(token).await.problem(), (401, "invalid_token"));
        }
        assert_eq!(service.validate(&lasting).await.status, 200);
        let begun = service.log_in("root").await;
        assert_eq!(service.validate(&begun).await.status, 200);
    }
}
