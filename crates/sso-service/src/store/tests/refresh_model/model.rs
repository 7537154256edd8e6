//! The model: one session, with times in milliseconds.

use super::{REFRESH, SESSION, TOKEN, WINDOW};

/// The answer to a client that shows a refresh token.
#[derive(Debug, PartialEq)]
pub(super) enum ModelAnswer {
    /// The tokens of this generation.
    Generation(usize),
    Invalid,
    Reused,
    TooSoon,
}

/// The model of a session.
#[derive(Debug)]
pub(super) struct Model {
    pub(super) now: u64,
    pub(super) alive: bool,
    pub(super) generations: Vec<Generation>,
}

/// A session token and the refresh token that came with it.
#[derive(Debug, Default)]
pub(super) struct Generation {
    issued_at: u64,
    token_ends: u64,
    refresh_ends: u64,
    /// Whether the session token was swept, evicted, or is void.
    token_gone: bool,
    /// Whether others were issued in the place of these before they were used.
    void: bool,
    /// The generation that the refresh token was spent for.
    successor: Option<usize>,
    /// Whether the same answer cannot be given again.
    wiped: bool,
    /// Whether the session token was used.
    used: bool,
    /// Whether that was persisted.
    used_persisted: bool,
}

impl Model {
    pub(super) fn new() -> Self {
        let mut model = Self { now: 0, alive: true, generations: Vec::new() };
        model.begin_generation();
        model
    }

    fn begin_generation(&mut self) {
        // No two rotations are of the same instant.
        let issued_at = self.generations.last().map_or(0, |last| last.issued_at + 1).max(self.now);
        self.generations.push(Generation {
            issued_at,
            token_ends: (self.now + TOKEN).min(SESSION),
            refresh_ends: (self.now + REFRESH).min(SESSION),
            ..Generation::default()
        });
        let there = self.generations.iter_mut().rev().filter(|generation| !generation.token_gone);
        there.skip(3).for_each(|generation| generation.token_gone = true);
    }

    pub(super) fn refresh(&mut self, at: usize) -> ModelAnswer {
        let near = |instant: u64| instant.abs_diff(self.now) < WINDOW;
        let Generation { wiped, refresh_ends, void, successor, .. } = self.generations[at];
        if !self.alive || void {
            return ModelAnswer::Invalid;
        }
        if let Some(successor) = successor {
            let next = &self.generations[successor];
            if near(next.issued_at) && !wiped {
                return ModelAnswer::Generation(successor);
            }
            if next.used || next.successor.is_some() {
                self.alive = false;
                return ModelAnswer::Reused;
            }
        }
        if refresh_ends <= self.now {
            return ModelAnswer::Invalid;
        }
        if self.generations.last().is_some_and(|last| last.issued_at > 0 && near(last.issued_at)) {
            return ModelAnswer::TooSoon;
        }
        if let Some(successor) = successor {
            self.generations[successor].void = true;
            self.generations[successor].token_gone = true;
        }
        let next = self.generations.len();
        self.generations[at].successor = Some(next);
        self.generations[at].wiped = false;
        self.begin_generation();
        ModelAnswer::Generation(next)
    }

    pub(super) fn validate(&mut self, at: usize) -> bool {
        let valid = self.is_valid(at);
        self.generations[at].used |= valid;
        valid
    }

    pub(super) fn persist(&mut self) {
        self.generations.iter_mut().for_each(|generation| {
            generation.used_persisted = generation.used;
        });
    }

    pub(super) fn crash(&mut self) {
        self.generations.iter_mut().for_each(|generation| {
            generation.used = generation.used_persisted;
        });
    }

    pub(super) fn sweep(&mut self) {
        let issued: Vec<u64> = self.generations.iter().map(|next| next.issued_at).collect();
        for generation in &mut self.generations {
            generation.token_gone |= generation.token_ends <= self.now;
            generation.wiped |=
                generation.successor.is_some_and(|at| issued[at].abs_diff(self.now) >= WINDOW);
        }
        let last = self.generations.last().unwrap();
        self.alive &= last.token_ends.max(last.refresh_ends) > self.now;
    }

    pub(super) fn is_valid(&self, at: usize) -> bool {
        let Generation { token_gone, token_ends, .. } = self.generations[at];
        self.alive && !token_gone && self.now < token_ends
    }
}
