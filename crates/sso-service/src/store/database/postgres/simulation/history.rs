//! What clients did and were told, and whether it may be so.

use std::{collections::BTreeMap, time::Duration};

use super::server::Token;

/// The answer to a validation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Answer {
    Valid,
    Invalid,
    Unknown,
}

/// What is known of a token, by the time of the simulation.
#[derive(Debug, Clone, Copy, Default)]
struct TokenHistory {
    /// When its log-in was answered.
    issued: Option<Duration>,
    /// When a client first began to revoke it.
    revoking: Option<Duration>,
    /// When a revocation was first answered.
    revoked: Option<Duration>,
}

/// The history of all clients.
#[derive(Debug, Default)]
pub(super) struct History {
    tokens: BTreeMap<Token, TokenHistory>,
    /// One line for each answer, to compare runs by.
    pub(super) lines: Vec<String>,
    pub(super) answers: usize,
    pub(super) unknown: usize,
}

impl History {
    pub(super) fn issued(&mut self, token: Token, at: Duration) {
        self.tokens.entry(token).or_default().issued.get_or_insert(at);
        self.lines.push(format!("{at:?} issued {token}"));
    }

    pub(super) fn revoking(&mut self, token: Token, at: Duration) {
        self.tokens.entry(token).or_default().revoking.get_or_insert(at);
    }

    pub(super) fn revoked(&mut self, token: Token, at: Duration) {
        self.tokens.entry(token).or_default().revoked.get_or_insert(at);
        self.lines.push(format!("{at:?} revoked {token}"));
    }

    /// Whether the log-in of a token was answered.
    pub(super) fn is_issued(&self, token: Token) -> bool {
        self.tokens.get(&token).is_some_and(|token| token.issued.is_some())
    }

    /// Notes a validation that began at this instant and was answered at that one.
    ///
    /// # Errors
    /// When the answer is not allowed.
    pub(super) fn validated(
        &mut self,
        token: Token,
        (begun, ended): (Duration, Duration),
        answer: Answer,
    ) -> Result<(), String> {
        self.answers += 1;
        self.unknown += usize::from(answer == Answer::Unknown);
        self.lines.push(format!("{begun:?} {ended:?} {token} {answer:?}"));
        let known = self.tokens.get(&token).copied().unwrap_or_default();
        let before = |instant: Option<Duration>| instant.is_some_and(|instant| instant < begun);
        match answer {
            Answer::Valid if before(known.revoked) => {
                Err(format!("token {token} accepted at {begun:?} to {ended:?}: {known:?}"))
            }
            Answer::Invalid
                if before(known.issued) && known.revoking.is_none_or(|at| at > ended) =>
            {
                Err(format!("token {token} refused at {begun:?} to {ended:?}: {known:?}"))
            }
            _ => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_answers_that_may_be_are_allowed() {
        let at = Duration::from_secs;
        let mut history = History::default();
        history.issued(7, at(10));
        history.revoking(7, at(20));
        history.revoked(7, at(30));
        for (begun, ended, answer, allowed) in [
            (9, 11, Answer::Invalid, true),
            (9, 11, Answer::Valid, true),
            (11, 12, Answer::Invalid, false),
            (11, 12, Answer::Valid, true),
            (11, 21, Answer::Invalid, true),
            (29, 40, Answer::Valid, true),
            (31, 32, Answer::Valid, false),
            (31, 32, Answer::Invalid, true),
            (31, 32, Answer::Unknown, true),
            (11, 12, Answer::Unknown, true),
        ] {
            let result = history.validated(7, (at(begun), at(ended)), answer);
            assert_eq!(result.is_ok(), allowed, "{begun} {ended} {answer:?}: {result:?}");
        }
        assert_eq!((history.answers, history.unknown), (10, 2));
    }
}
