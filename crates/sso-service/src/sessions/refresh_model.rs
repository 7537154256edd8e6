//! Thousands of random lives of a session against a simple model of it: clients that come late,
//! twice or with an old token, a clock that jumps, sweeps and restarts at any time.

use std::time::Duration;

use proptest::{prelude::*, test_runner::TestCaseError};
use shared_types::BearerToken;
use tokio::runtime;

use super::Client;
use crate::{
    authority::{Lifetimes, LoggedIn, RefreshError},
    database::Location,
    test_service::{HERE, LIMITS, TestService},
};

/// In seconds, as all times here are. Short, so that a life meets all of its ends.
const TOKEN: u64 = 25;
const REFRESH: u64 = 60;
const SESSION: u64 = 150;
const WINDOW: u64 = 10;

const LIFETIMES: Lifetimes = Lifetimes {
    token: Duration::from_secs(TOKEN),
    refresh: Duration::from_secs(REFRESH),
    session: Duration::from_secs(SESSION),
};

#[derive(Debug, Clone)]
enum Step {
    /// Shows the refresh token that is so many generations old.
    Refresh(usize),
    Wait(u64),
    Sweep,
    /// The machine's clock may have been set back meanwhile.
    Restart {
        back: u64,
    },
    LogOut,
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        8 => (0_usize..3).prop_map(Step::Refresh),
        6 => prop_oneof![Just(1), Just(4), Just(9), Just(10), Just(11), Just(26), Just(61)]
            .prop_map(Step::Wait),
        2 => Just(Step::Sweep),
        1 => prop_oneof![Just(0), Just(5), Just(10), Just(40)]
            .prop_map(|back| Step::Restart { back }),
        1 => Just(Step::LogOut),
    ]
}

/// What happens to who shows a refresh token.
#[derive(Debug, PartialEq)]
enum Outcome {
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
#[derive(Debug)]
struct Generation {
    token_ends: u64,
    refresh_ends: u64,
    /// Whether the session token was swept away, or had to make room.
    token_gone: bool,
    spent_at: Option<u64>,
    /// Whether the same answer cannot be given again.
    wiped: bool,
}

impl Model {
    fn new() -> Self {
        let mut model = Self { now: 0, alive: true, generations: Vec::new() };
        model.begin_generation();
        model
    }

    fn begin_generation(&mut self) {
        self.generations.push(Generation {
            token_ends: (self.now + TOKEN).min(SESSION),
            refresh_ends: (self.now + REFRESH).min(SESSION),
            token_gone: false,
            spent_at: None,
            wiped: false,
        });
        let there = self.generations.iter_mut().rev().filter(|generation| !generation.token_gone);
        there.skip(3).for_each(|generation| generation.token_gone = true);
    }

    fn refresh(&mut self, at: usize) -> Outcome {
        let now = self.now;
        let near = |instant: u64| instant.abs_diff(now) < WINDOW;
        if !self.alive {
            return Outcome::Invalid;
        }
        let Generation { spent_at, wiped, refresh_ends, .. } = self.generations[at];
        if let Some(spent_at) = spent_at {
            if near(spent_at) && !wiped {
                return Outcome::Generation(at + 1);
            }
            self.alive = false;
            return Outcome::Reused;
        }
        if refresh_ends <= now {
            return Outcome::Invalid;
        }
        if at > 0 && self.generations[at - 1].spent_at.is_some_and(near) {
            return Outcome::TooSoon;
        }
        self.generations[at].spent_at = Some(now);
        self.begin_generation();
        Outcome::Generation(at + 1)
    }

    fn sweep(&mut self) {
        for generation in &mut self.generations {
            generation.token_gone |= generation.token_ends <= self.now;
            generation.wiped |=
                generation.spent_at.is_some_and(|at| at.abs_diff(self.now) >= WINDOW);
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
struct Real {
    location: Location,
    _directory: tempfile::TempDir,
    service: TestService,
    generations: Vec<LoggedIn>,
}

impl Real {
    async fn new() -> Self {
        let directory = tempfile::tempdir().unwrap();
        let location = Location::File(directory.path().join("sso.db"));
        let service = TestService::with(LIFETIMES, LIMITS, &location).await;
        let hash = crate::users::PasswordHash::nobodys();
        service.add_user_with_hash("alice", hash, &[]).await;
        let alice = service.users.find(&"alice".parse().unwrap()).await.unwrap().unwrap();
        let client = Client::new([127, 0, 0, 1].into(), None);
        let first = service.authority.begin_session(alice, client, HERE).await.unwrap();
        Self { location, _directory: directory, service, generations: vec![first] }
    }

    async fn refresh(&mut self, at: usize) -> Result<Outcome, TestCaseError> {
        let token = bearer(self.generations[at].refresh_token.expose());
        let renewed = match self.service.authority.refresh(&token, HERE).await {
            Ok(renewed) => renewed,
            Err(RefreshError::InvalidToken) => return Ok(Outcome::Invalid),
            Err(RefreshError::Reused(_)) => return Ok(Outcome::Reused),
            Err(RefreshError::TooSoon(_)) => return Ok(Outcome::TooSoon),
            Err(error) => return Err(TestCaseError::fail(error.to_string())),
        };
        match self.generations.get(at + 1) {
            None => self.generations.push(renewed),
            Some(known) => prop_assert_eq!(answer(known), answer(&renewed)),
        }
        Ok(Outcome::Generation(at + 1))
    }

    async fn log_out(&self) {
        for generation in &self.generations {
            self.service.authority.logout(&bearer(generation.token.expose()), HERE).await.unwrap();
        }
    }

    async fn restart(&mut self, now: u64) {
        self.service.database.close().await;
        self.service = TestService::with(LIFETIMES, LIMITS, &self.location).await;
        self.service.clock.advance(Duration::from_secs(now));
    }

    fn is_valid(&self, at: usize) -> bool {
        self.service.authority.principal(&bearer(self.generations[at].token.expose())).is_ok()
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

async fn live(steps: Vec<Step>) -> Result<(), TestCaseError> {
    let (mut real, mut model) = (Real::new().await, Model::new());
    for step in steps {
        match step {
            Step::Refresh(age) => {
                let at = (model.generations.len() - 1).saturating_sub(age);
                prop_assert_eq!(real.refresh(at).await?, model.refresh(at));
            }
            Step::Wait(seconds) => {
                model.now += seconds;
                real.service.clock.advance(Duration::from_secs(seconds));
            }
            Step::Sweep => {
                model.sweep();
                real.service.keeper.sweep().await.unwrap();
            }
            Step::Restart { back } => {
                model.now = model.now.saturating_sub(back);
                real.restart(model.now).await;
            }
            Step::LogOut => {
                // Who has no token that is still known cannot say which session is meant.
                model.alive &= model.generations.iter().all(|generation| generation.token_gone);
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
    fn a_session_lives_as_the_model_does(steps in prop::collection::vec(step(), 1..40)) {
        let runtime = runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(live(steps))?;
    }
}
