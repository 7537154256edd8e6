//! Thousands of random lives of a session against a simple model of it: clients that come late,
//! twice, with an old token or never use what they got, a clock that jumps, sweeps, restarts and
//! crashes at any time.

use std::time::Duration;

use proptest::{prelude::*, test_runner::TestCaseError};
use service_runtime::clock::Clock;
use shared_types::BearerToken;
use tokio::runtime;

use crate::{
    authority::{Lifetimes, LoggedIn, RefreshError},
    sessions::Client,
    store::Location,
    test_service::{HERE, LIMITS, TestService},
};

/// In milliseconds, as all times here are. Short, so that a life meets all of its ends.
const TOKEN: u64 = 25_000;
const REFRESH: u64 = 60_000;
const SESSION: u64 = 150_000;
const WINDOW: u64 = 10_000;

const LIFETIMES: Lifetimes = Lifetimes {
    token: Duration::from_millis(TOKEN),
    refresh: Duration::from_millis(REFRESH),
    session: Duration::from_millis(SESSION),
};

#[derive(Debug, Clone)]
enum SessionStep {
    /// Shows the refresh token that is so many generations old.
    Refresh(usize),
    /// Validates the session token that is so many generations old.
    Use(usize),
    Wait(u64),
    /// The keeper persists which tokens were used.
    Persist,
    Sweep,
    /// The machine's clock may have been set back meanwhile.
    Restart {
        back: u64,
    },
    /// Everything that was not persisted is lost.
    Crash,
    LogOut,
}

fn step() -> impl Strategy<Value = SessionStep> {
    prop_oneof![
        8 => (0_usize..4).prop_map(SessionStep::Refresh),
        4 => (0_usize..3).prop_map(SessionStep::Use),
        6 => prop_oneof![Just(1), Just(4), Just(9), Just(10), Just(11), Just(26), Just(61)]
            .prop_map(|seconds| SessionStep::Wait(seconds * 1000)),
        1 => Just(SessionStep::Persist),
        2 => Just(SessionStep::Sweep),
        1 => prop_oneof![Just(0), Just(5), Just(10), Just(40)]
            .prop_map(|seconds| SessionStep::Restart { back: seconds * 1000 }),
        1 => Just(SessionStep::Crash),
        1 => Just(SessionStep::LogOut),
    ]
}

/// The answer to a client that shows a refresh token.
#[derive(Debug, PartialEq)]
enum ModelAnswer {
    /// The tokens of this generation.
    Generation(usize),
    Invalid,
    Reused,
    TooSoon,
}

/// A session as anyone would describe it.
#[derive(Debug)]
struct Model {
    now: u64,
    alive: bool,
    generations: Vec<Generation>,
}

/// A session token and the refresh token that came with it.
#[derive(Debug, Default)]
struct Generation {
    issued_at: u64,
    token_ends: u64,
    refresh_ends: u64,
    /// Whether the session token was swept away, had to make room, or is void.
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
    fn new() -> Self {
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

    fn refresh(&mut self, at: usize) -> ModelAnswer {
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

    fn validate(&mut self, at: usize) -> bool {
        let valid = self.is_valid(at);
        self.generations[at].used |= valid;
        valid
    }

    fn persist(&mut self) {
        self.generations.iter_mut().for_each(|generation| {
            generation.used_persisted = generation.used;
        });
    }

    fn crash(&mut self) {
        self.generations.iter_mut().for_each(|generation| {
            generation.used = generation.used_persisted;
        });
    }

    fn sweep(&mut self) {
        let issued: Vec<u64> = self.generations.iter().map(|next| next.issued_at).collect();
        for generation in &mut self.generations {
            generation.token_gone |= generation.token_ends <= self.now;
            generation.wiped |=
                generation.successor.is_some_and(|at| issued[at].abs_diff(self.now) >= WINDOW);
        }
        let last = self.generations.last().unwrap();
        self.alive &= last.token_ends.max(last.refresh_ends) > self.now;
    }

    fn is_valid(&self, at: usize) -> bool {
        let Generation { token_gone, token_ends, .. } = self.generations[at];
        self.alive && !token_gone && self.now < token_ends
    }
}

/// The same session in the service.
struct ServiceSession {
    location: Location,
    _directory: tempfile::TempDir,
    service: TestService,
    generations: Vec<LoggedIn>,
}

impl ServiceSession {
    async fn new() -> Self {
        let directory = tempfile::tempdir().unwrap();
        let location = Location::File(directory.path().join("sso.db"));
        let service = TestService::with(LIFETIMES, LIMITS, &location).await;
        let hash = crate::users::PasswordHash::dummy();
        service.add_user_with_hash("alice", hash, &[]).await;
        let alice = service.store.find_user(&"alice".parse().unwrap()).await.unwrap().unwrap();
        let client = Client::new([127, 0, 0, 1].into(), None);
        let first = service.authority.begin_session(alice, client, HERE).await.unwrap();
        Self { location, _directory: directory, service, generations: vec![first] }
    }

    async fn refresh(&mut self, at: usize) -> Result<ModelAnswer, TestCaseError> {
        let token = bearer(self.generations[at].refresh_token.expose());
        let renewed = match self.service.authority.refresh(&token, HERE).await {
            Ok(renewed) => renewed,
            Err(RefreshError::InvalidToken) => return Ok(ModelAnswer::Invalid),
            Err(RefreshError::Reused(_)) => return Ok(ModelAnswer::Reused),
            Err(RefreshError::TooSoon(_)) => return Ok(ModelAnswer::TooSoon),
            Err(error) => return Err(TestCaseError::fail(error.to_string())),
        };
        let same = |known: &&LoggedIn| known.token.expose() == renewed.token.expose();
        if let Some(known) = self.generations.iter().find(same) {
            prop_assert_eq!(answer(known), answer(&renewed));
        }
        let known = self.generations.iter().position(|known| same(&known));
        Ok(ModelAnswer::Generation(known.unwrap_or_else(|| {
            self.generations.push(renewed);
            self.generations.len() - 1
        })))
    }

    async fn log_out(&self) {
        for generation in &self.generations {
            self.service.authority.logout(&bearer(generation.token.expose()), HERE).await.unwrap();
        }
    }

    async fn restart(&mut self, now: u64) {
        self.service.store.close().await;
        self.service = TestService::with(LIFETIMES, LIMITS, &self.location).await;
        self.service.clock.advance(Duration::from_millis(now));
    }

    fn validate(&self, at: usize) -> bool {
        self.service.authority.principal(&bearer(self.generations[at].token.expose())).is_ok()
    }

    /// Unlike validation, this is no use of the token.
    fn is_valid(&self, at: usize) -> bool {
        let hash = self.generations[at].token.hash();
        self.service.live.is_valid(&hash, self.service.clock.now())
    }
}

fn bearer(token: &str) -> BearerToken {
    BearerToken::parse(token.as_bytes()).unwrap()
}

/// All that an answer says.
fn answer(logged_in: &LoggedIn) -> String {
    let LoggedIn { token, refresh_token, .. } = logged_in;
    format!("{} {} {logged_in:?}", token.expose(), refresh_token.expose())
}

async fn live(steps: Vec<SessionStep>) -> Result<(), TestCaseError> {
    let (mut real, mut model) = (ServiceSession::new().await, Model::new());
    for step in steps {
        let aged = |age| (model.generations.len() - 1).saturating_sub(age);
        match step {
            SessionStep::Refresh(age) => {
                let at = aged(age);
                prop_assert_eq!(real.refresh(at).await?, model.refresh(at));
            }
            SessionStep::Use(age) => {
                let at = aged(age);
                prop_assert_eq!(real.validate(at), model.validate(at));
            }
            SessionStep::Wait(millis) => {
                model.now += millis;
                real.service.clock.advance(Duration::from_millis(millis));
            }
            SessionStep::Persist => {
                model.persist();
                real.service.store.write_first_uses().await.unwrap();
            }
            SessionStep::Sweep => {
                model.persist();
                model.sweep();
                real.service.store.write_first_uses().await.unwrap();
                real.service.upkeep.sweep().await.unwrap();
            }
            SessionStep::Restart { back } => {
                model.persist();
                model.now = model.now.saturating_sub(back);
                real.service.upkeep.finish().await;
                real.restart(model.now).await;
            }
            SessionStep::Crash => {
                model.crash();
                real.restart(model.now).await;
            }
            SessionStep::LogOut => {
                // Any token of the session does, expired or not. Void ones are none of its tokens.
                model.alive = false;
                real.log_out().await;
            }
        }
        for at in 0..model.generations.len() {
            prop_assert_eq!(real.is_valid(at), model.is_valid(at), "generation {}", at);
        }
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

    #[test]
    fn a_session_behaves_as_the_model(steps in prop::collection::vec(step(), 1..40)) {
        let runtime = runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(live(steps))?;
    }
}
