//! What memory knows of sessions.

use uuid::Uuid;

use super::{super::shared::TokenRecord, *};
use crate::test_service::noon;

impl LiveSessions {
    /// How many tokens are found, and how many sessions there are said to be.
    pub(crate) fn counts(&self) -> (usize, i64) {
        let tokens = match &self.tokens {
            TokenMap::Memory(tokens) => tokens.len(),
            TokenMap::Redis(_) => 0,
        };
        (tokens, self.count.get())
    }

    /// Whether the token of a record is valid. Unlike validation, this is no use of it.
    pub(crate) fn is_acceptable(
        &self,
        hash: &TokenHash,
        record: &TokenRecord,
        now: DateTime<Utc>,
    ) -> bool {
        self.acceptable(hash, record, now).is_some()
    }

    /// Whether the token is valid. Unlike validation, this is no use of it.
    pub(crate) fn is_valid(&self, hash: &TokenHash, now: DateTime<Utc>) -> bool {
        self.valid(hash, now).is_some()
    }
}

fn live() -> (LiveSessions, Arc<LiveUser>) {
    let account = Account::powerless(Uuid::from_u128(1), noon());
    (LiveSessions::new(&Metrics::default()), Arc::new(LiveUser::new(1, 0, account)))
}

fn token(name: &str, millis: i64) -> NewToken {
    let issued_at = noon().timestamp_millis();
    NewToken { hash: TokenHash::of(name), issued_at, expires_at: issued_at + millis }
}

fn session(user: &Arc<LiveUser>) -> LiveSession {
    LiveSession::new(
        7,
        Uuid::from_u128(2),
        user.clone(),
        0,
        noon().timestamp_millis(),
        noon().timestamp_millis(),
    )
}

#[test]
fn a_session_that_ends_while_a_token_is_added_has_ended() {
    let (live, user) = live();
    live.revoked.begin_to_end(&[7]);
    live.add(token("a", 1000), None, || session(&user));
    assert!(live.find(&TokenHash::of("a"), noon()).is_none());
    assert_eq!(live.revoked.pending().sessions, [7].into());
    live.revoked.have_ended(&[7, 8]);
    assert!(live.revoked.pending().is_empty());
}

#[test]
fn tokens_of_a_session_end_together() {
    let (live, user) = live();
    live.add(token("a", 1000), None, || session(&user)).end();
    live.add(token("b", 1000), Some(TokenHash::of("a")), || unreachable!());
    assert!(live.find(&TokenHash::of("b"), noon()).is_none());
}

#[test]
fn a_token_from_the_future_is_not_valid() {
    let (live, user) = live();
    live.add(token("a", 3_600_000), None, || session(&user));
    for (seconds_before, expected) in [(0, true), (60, true), (61, false), (315_360_000, false)] {
        let now = noon() - chrono::TimeDelta::seconds(seconds_before);
        assert_eq!(live.is_valid(&TokenHash::of("a"), now), expected, "{seconds_before}");
    }
}

#[test]
fn all_sessions_of_a_user_end_at_once_and_for_good() {
    let (live, user) = live();
    live.add(token("a", 1000), None, || session(&user));
    let valid = || live.find(&TokenHash::of("a"), noon()).is_some();
    assert!(valid());
    user.renew(1, Account::powerless(Uuid::from_u128(1), noon()));
    assert!(!valid());
    user.end();
    assert!(!valid());
}

#[test]
fn a_use_is_recorded_once_until_it_is_collected() {
    let (live, user) = live();
    live.add(token("a", 60_000), None, || session(&user));
    let find = |seconds| {
        let now = noon() + std::time::Duration::from_secs(seconds);
        live.find(&TokenHash::of("a"), now).unwrap()
    };
    find(0);
    assert!(live.take_used().is_empty());
    find(1);
    assert_eq!(find(2).session.last_seen(), noon() + std::time::Duration::from_secs(2));
    assert_eq!(live.take_used().len(), 1);
    find(3);
    assert_eq!(live.take_used().len(), 1);
}
