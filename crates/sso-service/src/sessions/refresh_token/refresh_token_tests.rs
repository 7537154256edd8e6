//! Decisions about refresh tokens, at their limits in time.

use service_runtime::metrics::Metrics;

use super::*;
use crate::{
    sessions::{LiveUser, NewToken},
    test_service::noon,
    users::Account,
};

const SECOND: i64 = 1000;
const HOUR: i64 = 3600 * SECOND;

/// The instant that is so many milliseconds after noon.
fn at(millis: i64) -> i64 {
    noon().timestamp_millis() + millis
}

/// A token of a session that began an hour before noon, as issued then.
fn token() -> StoredRefreshToken {
    StoredRefreshToken {
        expires_at: at(HOUR),
        spent_at: None,
        nonce: None,
        token_expires_at: None,
        successor_expires_at: None,
        session: 1,
        id: Uuid::nil(),
        user: 1,
        epoch: 0,
        created_at: at(-HOUR),
        rotated_at: None,
        used_issued_at: None,
        ends_at: at(2 * HOUR),
        newest: None,
    }
}

/// A token of a session that was renewed then, by a token before this one.
fn renewed(millis: i64) -> StoredRefreshToken {
    StoredRefreshToken { rotated_at: Some(at(millis)), ..token() }
}

/// A token that was spent then, in the last renewal of its session.
fn spent(millis: i64) -> StoredRefreshToken {
    StoredRefreshToken {
        spent_at: Some(at(millis)),
        nonce: Some(nonce()),
        token_expires_at: Some(at(5)),
        successor_expires_at: Some(at(6)),
        ..renewed(millis)
    }
}

fn nonce() -> Nonce {
    Nonce::read(&[7; 32]).unwrap()
}

fn again(millis: i64) -> RefreshDecision {
    let ends = TokenEnds { token: at(5), refresh_token: at(6) };
    RefreshDecision::Again(PastAnswer { nonce: nonce(), at: at(millis), ends })
}

fn too_soon(millis: i64) -> RefreshDecision {
    RefreshDecision::TooSoon(TimeDelta::milliseconds(millis))
}

/// Judges at noon; `last_use` is in milliseconds after noon.
#[track_caller]
fn check(token: &StoredRefreshToken, last_use: i64, expected: &RefreshDecision) {
    assert_eq!(token.judge(noon(), at(last_use)), *expected, "{token:?} {last_use}");
}

#[test]
fn unspent_token_renews_until_it_expires() {
    let expiring = |millis| StoredRefreshToken { expires_at: at(millis), ..token() };
    check(&token(), -HOUR, &RefreshDecision::Renew);
    check(&expiring(1), -HOUR, &RefreshDecision::Renew);
    check(&expiring(0), -HOUR, &RefreshDecision::Expired);
    check(&expiring(-1), -HOUR, &RefreshDecision::Expired);
}

#[test]
fn session_from_more_than_a_minute_ahead_is_refused() {
    let created = |millis| StoredRefreshToken { created_at: at(millis), ..token() };
    check(&created(60 * SECOND), -HOUR, &RefreshDecision::Renew);
    check(&created(60 * SECOND + 1), -HOUR, &RefreshDecision::FromTheFuture);
    check(&renewed(60 * SECOND), -HOUR, &RefreshDecision::Renew);
    check(&renewed(60 * SECOND + 1), -HOUR, &RefreshDecision::FromTheFuture);
    check(&spent(60 * SECOND + 1), -HOUR, &RefreshDecision::FromTheFuture);
}

#[test]
fn session_is_renewed_once_in_ten_seconds() {
    for (rotated_at, expected) in [
        (0, too_soon(10 * SECOND)),
        (-4 * SECOND, too_soon(6 * SECOND)),
        (-10 * SECOND + 1, too_soon(1)),
        (-10 * SECOND, RefreshDecision::Renew),
        (-11 * SECOND, RefreshDecision::Renew),
        // The clock was set back.
        (4 * SECOND, too_soon(6 * SECOND)),
        (10 * SECOND, RefreshDecision::Renew),
    ] {
        check(&renewed(rotated_at), -HOUR, &expected);
    }
}

#[test]
fn spent_token_gets_the_same_answer_for_ten_seconds() {
    for spent_at in [0, -4 * SECOND, -10 * SECOND + 1, 4 * SECOND] {
        check(&spent(spent_at), -HOUR, &again(spent_at));
        // Whether or not its successor was used.
        check(&spent(spent_at), HOUR, &again(spent_at));
    }
    check(&spent(-10 * SECOND), -HOUR, &RefreshDecision::Replace);
    let without_nonce = StoredRefreshToken { nonce: None, ..spent(-4 * SECOND) };
    check(&without_nonce, -HOUR, &too_soon(6 * SECOND));
}

#[test]
fn spent_token_ends_the_session_if_its_successor_was_used() {
    let spent_at = -60 * SECOND;
    for (last_use, expected) in [
        (spent_at - 1, RefreshDecision::Replace),
        (spent_at, RefreshDecision::Reused),
        (spent_at + 1, RefreshDecision::Reused),
    ] {
        check(&spent(spent_at), last_use, &expected);
    }
    let renewed_since =
        StoredRefreshToken { rotated_at: Some(at(spent_at + 1)), ..spent(spent_at) };
    check(&renewed_since, spent_at - 1, &RefreshDecision::Reused);
    let expired = StoredRefreshToken { expires_at: at(0), ..spent(spent_at) };
    check(&expired, spent_at - 1, &RefreshDecision::Expired);
    check(&expired, spent_at, &RefreshDecision::Reused);
}

#[test]
fn a_renewal_is_later_than_the_one_before() {
    assert_eq!(token().rotates_at(noon()), at(0));
    assert_eq!(renewed(-1).rotates_at(noon()), at(0));
    assert_eq!(renewed(0).rotates_at(noon()), at(1));
    assert_eq!(renewed(5 * SECOND).rotates_at(noon()), at(5 * SECOND + 1));
    let created_ahead = StoredRefreshToken { created_at: at(SECOND), ..token() };
    assert_eq!(created_ahead.rotates_at(noon()), at(SECOND + 1));
}

#[test]
fn no_token_outlives_its_session() {
    let later = |hours| noon() + TimeDelta::hours(hours);
    let ends = token().ends(later(1), later(3));
    assert_eq!(ends, TokenEnds { token: at(HOUR), refresh_token: at(2 * HOUR) });
}

#[test]
fn the_last_use_is_the_later_of_memory_and_store() {
    let (live, hash) = (LiveSessions::new(&Metrics::default()), TokenHash::of("newest"));
    let account = Account::powerless(Uuid::nil(), noon());
    let user = Arc::new(LiveUser::new(1, 0, account));
    let session = || LiveSession::new(1, Uuid::nil(), user, 0, at(0), at(5));
    live.add(NewToken { hash, issued_at: at(0), expires_at: at(HOUR) }, None, session);
    for (newest, stored, expected) in [
        (None, None, -HOUR),
        (None, Some(3), 3),
        (Some(TokenHash::of("another")), Some(3), 3),
        (Some(hash), None, 5),
        (Some(hash), Some(3), 5),
        (Some(hash), Some(7), 7),
    ] {
        let token = StoredRefreshToken { newest, used_issued_at: stored.map(at), ..token() };
        assert_eq!(token.last_use(&live), at(expected), "{newest:?} {stored:?}");
        assert_eq!(token.live_session(&live).is_some(), newest == Some(hash));
    }
}
