//! A session of the operator's, and when to renew it.

use chrono::{DateTime, TimeDelta, Utc};
use shared_types::BearerToken;

/// A session token is renewed this long before its end, or a tenth of its life if that is less.
const EARLY: TimeDelta = TimeDelta::seconds(60);

/// What a log-in or a refresh gave. The times are by the clock of this machine, which is the one
/// that kubectl looks at too: a clock that is wrong must not make a live token look over.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Session {
    pub(super) username: String,
    pub(super) token: BearerToken,
    pub(super) issued_at: DateTime<Utc>,
    pub(super) expires_at: DateTime<Utc>,
    pub(super) refresh_token: BearerToken,
    pub(super) refresh_expires_at: DateTime<Utc>,
}

/// What to do when somebody wants a token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Verdict {
    /// The token is good for a while.
    Give,
    /// The token is over or soon will be.
    Renew,
    /// Only a log-in helps.
    Over,
}

impl Session {
    pub(super) fn judge(&self, now: DateTime<Utc>) -> Verdict {
        let can_renew = now < self.refresh_expires_at;
        if self.is_from_the_future(now) {
            return Verdict::Renew;
        }
        // Towards the end of a session both tokens end with it, and a renewal gains nothing.
        let gains = self.expires_at < self.refresh_expires_at;
        if now < self.renew_at() || (self.is_live(now) && !(can_renew && gains)) {
            Verdict::Give
        } else if can_renew {
            Verdict::Renew
        } else {
            Verdict::Over
        }
    }

    pub(super) fn is_live(&self, now: DateTime<Utc>) -> bool {
        now < self.expires_at
    }

    /// Until when whoever has the token need not ask again: a bit before its end, so that what is
    /// begun then has a token that lasts.
    pub(super) fn good_until(&self, now: DateTime<Utc>) -> DateTime<Utc> {
        if self.is_from_the_future(now) {
            now
        } else if now < self.renew_at() {
            self.renew_at()
        } else {
            self.expires_at
        }
    }

    /// Whether the clock of this machine ran back since the token was issued. Then nobody here
    /// knows how old the token is: the authority has to be asked.
    fn is_from_the_future(&self, now: DateTime<Utc>) -> bool {
        now < self.issued_at
    }

    fn renew_at(&self) -> DateTime<Utc> {
        let life = self.expires_at - self.issued_at;
        self.expires_at - EARLY.min(life / 10)
    }
}

#[cfg(test)]
pub(super) mod tests {
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
    fn check(
        (issued, ends, refresh_ends): (i64, i64, i64),
        now: i64,
        verdict: Verdict,
        until: i64,
    ) {
        let session = session(1, issued, ends, refresh_ends);
        assert_eq!(session.judge(at(now)), verdict);
        assert_eq!(session.good_until(at(now)), at(until));
    }

    #[test]
    fn a_token_is_given_until_it_ends_soon() {
        use Verdict::{Give, Over, Renew};
        // Half an hour, which may be renewed for eight.
        let usual = (0, 1800, 28800);
        check(usual, 0, Give, 1740);
        check(usual, 1739, Give, 1740);
        check(usual, 1740, Renew, 1800);
        check(usual, 1800, Renew, 1800);
        check(usual, 28799, Renew, 1800);
        check(usual, 28800, Over, 1800);
        // A short one: a tenth of its life is less than a minute.
        let short = (0, 100, 1000);
        check(short, 89, Give, 90);
        check(short, 90, Renew, 100);
    }

    #[test]
    fn a_token_that_seems_to_come_from_the_future_is_renewed() {
        for times in [(0, 1800, 28800), (0, 1800, 1800)] {
            check(times, -1, Verdict::Renew, -1);
            check(times, -86_400, Verdict::Renew, -86_400);
        }
    }

    #[test]
    fn what_a_renewal_would_not_lengthen_is_given_to_its_end() {
        use Verdict::{Give, Over};
        for last in [(0, 1800, 1800), (0, 1800, 1770)] {
            check(last, 1740, Give, 1800);
            check(last, 1799, Give, 1800);
            check(last, 1800, Over, 1800);
        }
    }
}
