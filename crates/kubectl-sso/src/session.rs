//! A session of the user, and when to renew it.

use chrono::{DateTime, TimeDelta, Utc};
use shared_types::BearerToken;

/// A session token is renewed this long before its end, or a tenth of its life if that is less.
const EARLY: TimeDelta = TimeDelta::seconds(60);

/// A session and its tokens. The times are by the clock of this machine, which kubectl uses too: a
/// wrong clock must not make a live token look expired.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Session {
    pub(crate) username: String,
    pub(crate) token: BearerToken,
    pub(crate) issued_at: DateTime<Utc>,
    pub(crate) expires_at: DateTime<Utc>,
    pub(crate) refresh_token: BearerToken,
    pub(crate) refresh_expires_at: DateTime<Utc>,
}

/// The step that is necessary before the token of a session can be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum NextStep {
    /// None: it lives long enough.
    Use,
    /// A refresh: it has expired or soon will.
    Renew,
    /// A log-in: the session cannot be renewed any more.
    LogIn,
}

impl Session {
    pub(crate) fn next_step(&self, now: DateTime<Utc>) -> NextStep {
        let can_renew = now < self.refresh_expires_at;
        if self.is_from_the_future(now) {
            return NextStep::Renew;
        }
        // Towards the end of a session both tokens end with it, and a renewal gains nothing.
        let is_longer = self.expires_at < self.refresh_expires_at;
        if now < self.renew_at() || (self.is_live(now) && !(can_renew && is_longer)) {
            NextStep::Use
        } else if can_renew {
            NextStep::Renew
        } else {
            NextStep::LogIn
        }
    }

    pub(crate) fn is_live(&self, now: DateTime<Utc>) -> bool {
        now < self.expires_at
    }

    /// The time until which kubectl may cache the token: shortly before its end, so that a request
    /// that begins then has a valid token.
    pub(crate) fn cacheable_until(&self, now: DateTime<Utc>) -> DateTime<Utc> {
        if self.is_from_the_future(now) {
            now
        } else if now < self.renew_at() {
            self.renew_at()
        } else {
            self.expires_at
        }
    }

    /// Whether the clock of this machine was set back since the token was issued. The age of the
    /// token is then unknown, and the authority has to be asked.
    fn is_from_the_future(&self, now: DateTime<Utc>) -> bool {
        now < self.issued_at
    }

    fn renew_at(&self) -> DateTime<Utc> {
        let life = self.expires_at - self.issued_at;
        self.expires_at - EARLY.min(life / 10)
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use shared_types::{TokenKind, encode_token};

    use super::*;

    /// A session whose times are in seconds since 1970; `number` makes its tokens its own.
    pub(crate) fn session(number: u8, issued_at: i64, ends: i64, refresh_ends: i64) -> Session {
        let token =
            |kind| BearerToken::parse(encode_token(kind, &[number; 32]).as_bytes()).unwrap();
        Session {
            username: "alice".to_owned(),
            token: token(TokenKind::Session),
            issued_at: at(issued_at),
            expires_at: at(ends),
            refresh_token: token(TokenKind::Refresh),
            refresh_expires_at: at(refresh_ends),
        }
    }

    pub(crate) fn at(seconds: i64) -> DateTime<Utc> {
        DateTime::from_timestamp_secs(seconds).unwrap()
    }

    #[track_caller]
    fn check((issued, ends, refresh_ends): (i64, i64, i64), now: i64, step: NextStep, until: i64) {
        let session = session(1, issued, ends, refresh_ends);
        assert_eq!(session.next_step(at(now)), step);
        assert_eq!(session.cacheable_until(at(now)), at(until));
    }

    #[test]
    fn a_token_is_used_until_shortly_before_its_end() {
        use NextStep::{LogIn, Renew, Use};
        // Half an hour, renewable for eight.
        let usual = (0, 1800, 28800);
        check(usual, 0, Use, 1740);
        check(usual, 1739, Use, 1740);
        check(usual, 1740, Renew, 1800);
        check(usual, 1800, Renew, 1800);
        check(usual, 28799, Renew, 1800);
        check(usual, 28800, LogIn, 1800);
        // A short one: a tenth of its life is less than a minute.
        let short = (0, 100, 1000);
        check(short, 89, Use, 90);
        check(short, 90, Renew, 100);
    }

    #[test]
    fn a_token_that_seems_to_come_from_the_future_is_renewed() {
        for times in [(0, 1800, 28800), (0, 1800, 1800)] {
            check(times, -1, NextStep::Renew, -1);
            check(times, -86_400, NextStep::Renew, -86_400);
        }
    }

    #[test]
    fn a_token_that_a_renewal_would_not_lengthen_is_used_to_its_end() {
        use NextStep::{LogIn, Use};
        for last in [(0, 1800, 1800), (0, 1800, 1770)] {
            check(last, 1740, Use, 1800);
            check(last, 1799, Use, 1800);
            check(last, 1800, LogIn, 1800);
        }
    }
}
