//! What clients did and were told, and whether it may be so.

use std::{collections::BTreeMap, fmt};

/// The answer to a request with a token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Answer {
    Valid,
    Invalid,
    Unknown,
}

/// A place in the order of everything that clients did.
pub(crate) type Moment = u64;

/// A token, by number.
pub(crate) type Token = usize;

/// What is known of a token.
#[derive(Debug, Clone, Copy)]
struct TokenHistory {
    user: usize,
    /// When its log-in was answered.
    issued: Option<Moment>,
    /// When a client first began to end its session.
    ending: Option<Moment>,
    /// When the end of its session was first answered.
    ended: Option<Moment>,
}

/// The history of all clients.
#[derive(Debug, Default)]
pub(crate) struct History {
    tokens: Vec<TokenHistory>,
    /// For each user, requests for the end of all sessions that were not answered, or not yet: a
    /// log-in may come before the end.
    unanswered: BTreeMap<usize, usize>,
    now: Moment,
    pub(crate) answers: usize,
    pub(crate) unknown: usize,
    /// Those of them that no client had begun to revoke: the end of a session is unknown to others
    /// until it is answered.
    pub(crate) unexplained: usize,
}

/// A request for the end of sessions.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Ending {
    Of(Token),
    /// All sessions of a user.
    OfUser(usize),
}

/// An answer that may not be.
#[derive(Debug)]
pub(crate) struct Violation {
    token: Token,
    answer: Answer,
    begun: Moment,
    history: TokenHistory,
}

impl History {
    /// The present moment, which is after all others.
    pub(crate) fn moment(&mut self) -> Moment {
        self.now += 1;
        self.now
    }

    /// A user begins to log in.
    pub(crate) fn log_in(&mut self, user: usize) -> Token {
        let begun = self.moment();
        let may_end = self.unanswered.get(&user).is_some_and(|requests| *requests > 0);
        let ending = may_end.then_some(begun);
        let token = TokenHistory { user, issued: None, ending, ended: None };
        self.tokens.push(token);
        self.tokens.len() - 1
    }

    /// The log-in was answered with the token.
    pub(crate) fn issued(&mut self, token: Token) {
        self.tokens[token].issued = Some(self.moment());
    }

    /// A client begins to end sessions.
    pub(crate) fn ending(&mut self, ending: Ending) -> Moment {
        let now = self.moment();
        if let Ending::OfUser(user) = ending {
            *self.unanswered.entry(user).or_default() += 1;
        }
        for token in self.concerned(ending) {
            token.ending.get_or_insert(now);
        }
        now
    }

    /// The end of sessions was answered that began to be asked for at this moment.
    pub(crate) fn ended(&mut self, ending: Ending, asked: Moment) {
        let now = self.moment();
        if let Ending::OfUser(user) = ending {
            self.unanswered.entry(user).and_modify(|requests| *requests -= 1);
        }
        // A log-in at the same time may have been before or after.
        let is_over = |token: &&mut TokenHistory| token.issued.is_some_and(|issued| issued < asked);
        for token in self.concerned(ending).filter(is_over) {
            token.ended.get_or_insert(now);
        }
    }

    fn concerned(&mut self, ending: Ending) -> impl Iterator<Item = &mut TokenHistory> {
        let is_concerned = move |(number, token): &(Token, &mut TokenHistory)| match ending {
            Ending::Of(of) => *number == of,
            Ending::OfUser(user) => token.user == user,
        };
        self.tokens.iter_mut().enumerate().filter(is_concerned).map(|(_, token)| token)
    }

    /// Notes a request that began at this moment and is answered now.
    ///
    /// # Errors
    /// When the answer is not allowed.
    pub(crate) fn answered(
        &mut self,
        token: Token,
        begun: Moment,
        answer: Answer,
    ) -> Result<(), Violation> {
        self.answers += 1;
        let history = self.tokens[token];
        let is_unknown = answer == Answer::Unknown;
        self.unknown += usize::from(is_unknown);
        self.unexplained += usize::from(is_unknown && history.ending.is_none());
        let before = |moment: Option<Moment>| moment.is_some_and(|moment| moment < begun);
        let is_allowed = match answer {
            Answer::Valid => !before(history.ended),
            Answer::Invalid => !before(history.issued) || history.ending.is_some(),
            Answer::Unknown => true,
        };
        if is_allowed { Ok(()) } else { Err(Violation { token, answer, begun, history }) }
    }
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { token, answer, begun, history } = self;
        write!(f, "a request at {begun} with token {token} got the answer {answer:?}: {history:?}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_answers_that_may_be_are_allowed() {
        let mut history = History::default();
        let token = history.log_in(0);
        let during = history.moment();
        history.issued(token);
        let issued = history.moment();
        let check = |history: &mut History, begun, answer, allowed| {
            let result = history.answered(token, begun, answer);
            assert_eq!(result.is_ok(), allowed, "{begun} {answer:?}: {result:?}");
        };
        check(&mut history, during, Answer::Invalid, true);
        check(&mut history, issued, Answer::Invalid, false);
        check(&mut history, issued, Answer::Valid, true);
        let asked = history.ending(Ending::Of(token));
        let ending = history.moment();
        check(&mut history, issued, Answer::Invalid, true);
        check(&mut history, ending, Answer::Valid, true);
        history.ended(Ending::Of(token), asked);
        let ended = history.moment();
        check(&mut history, ending, Answer::Valid, true);
        check(&mut history, ended, Answer::Valid, false);
        check(&mut history, ended, Answer::Invalid, true);
        check(&mut history, ended, Answer::Unknown, true);
        assert_eq!((history.answers, history.unknown), (9, 1));
    }

    #[test]
    fn end_of_all_sessions_leaves_those_that_began_meanwhile() {
        let mut history = History::default();
        let [before, of_other] = [history.log_in(0), history.log_in(1)];
        history.issued(before);
        history.issued(of_other);
        let asked = history.ending(Ending::OfUser(0));
        let meanwhile = history.log_in(0);
        history.issued(meanwhile);
        history.ended(Ending::OfUser(0), asked);
        let after = history.log_in(0);
        history.issued(after);
        let now = history.moment();
        for (token, valid, invalid) in [
            (before, false, true),
            (of_other, true, false),
            (meanwhile, true, true),
            (after, true, false),
        ] {
            assert_eq!(history.answered(token, now, Answer::Valid).is_ok(), valid, "{token}");
            assert_eq!(history.answered(token, now, Answer::Invalid).is_ok(), invalid, "{token}");
        }
    }
}
