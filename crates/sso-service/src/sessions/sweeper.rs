//! Removes sessions that have expired and that nobody asks for any more.
//!
//! Validity never depends on it: every read looks at the expiry itself. It keeps memory bounded.

use std::{sync::Arc, time::Duration};

use service_runtime::clock::Clock;
use tokio::{task::yield_now, time::sleep};

use super::store::SessionStore;

/// Sessions end in the same second by the thousand; there is no hurry to notice each one.
const SHORTEST_SLEEP: Duration = Duration::from_secs(1);
/// A token of a new session may be shorter-lived than all others.
const LONGEST_SLEEP: Duration = Duration::from_secs(60);

/// Sweeps until it is dropped. In between it sleeps until something can have expired.
pub(crate) async fn sweep_forever(store: Arc<SessionStore>, clock: Arc<dyn Clock>) {
    loop {
        sleep(until_next_end(&store, &*clock)).await;
        while store.sweep(clock.now()).is_continue() {
            yield_now().await;
        }
    }
}

fn until_next_end(store: &SessionStore, clock: &dyn Clock) -> Duration {
    let Some(end) = store.next_end() else {
        return LONGEST_SLEEP;
    };
    // In the past: none at all.
    let left = (end - clock.now()).to_std().unwrap_or_default();
    left.clamp(SHORTEST_SLEEP, LONGEST_SLEEP)
}

#[cfg(test)]
mod tests {
    use service_runtime::{clock::ManualClock, metrics::Metrics};

    use super::*;
    use crate::{
        login_guard::Typed,
        test_service::{LIMITS, PASSWORD, TOKEN_TTL, TestService, noon},
    };

    #[test]
    fn without_sessions_it_looks_once_a_minute() {
        let store = SessionStore::new(LIMITS, &Metrics::default());
        assert_eq!(until_next_end(&store, &ManualClock::at(noon())), LONGEST_SLEEP);
    }

    #[tokio::test]
    async fn it_wakes_when_something_can_have_expired() {
        let service = TestService::start().await;
        service.add_user("alice", &[]).await;
        let client = crate::sessions::Client::new([127, 0, 0, 1].into(), None);
        let typed = Typed { name: "alice", password: PASSWORD };
        service.authority.login(typed, client, "r").await.unwrap();
        let sleep = || until_next_end(&service.sessions, &*service.clock);
        assert_eq!(sleep(), LONGEST_SLEEP);
        service.clock.advance(TOKEN_TTL - Duration::from_secs(20));
        assert_eq!(sleep(), Duration::from_secs(20));
        service.clock.advance(Duration::from_secs(60));
        assert_eq!(sleep(), SHORTEST_SLEEP);
    }

    #[tokio::test]
    async fn it_removes_sessions_that_nobody_asks_for() {
        let service = TestService::start().await;
        service.add_user("alice", &[]).await;
        let client = crate::sessions::Client::new([127, 0, 0, 1].into(), None);
        let typed = Typed { name: "alice", password: PASSWORD };
        service.authority.login(typed, client, "r").await.unwrap();
        let sweeper = tokio::spawn(sweep_forever(service.sessions.clone(), service.clock.clone()));
        // From here on time passes at once when all tasks sleep.
        tokio::time::pause();
        sleep(LONGEST_SLEEP * 2).await;
        assert_eq!(service.sessions.counts(), (1, 1, 1));
        service.clock.advance(TOKEN_TTL);
        sleep(LONGEST_SLEEP * 2).await;
        assert_eq!(service.sessions.counts(), (0, 0, 0));
        sweeper.abort();
    }
}
