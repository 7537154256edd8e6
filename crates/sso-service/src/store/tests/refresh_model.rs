//! Thousands of random lives of a session against a simple model of it: clients that come late,
//! twice, with an old token or never use what they got, a clock that jumps, sweeps, restarts and
//! crashes at any time.

mod model;

use std::{sync::LazyLock, time::Duration};

use futures_util::FutureExt;
use proptest::{
    prelude::*,
    test_runner::{RngAlgorithm, TestCaseError, TestRng, TestRunner},
};
use shared_types::BearerToken;
use tokio::runtime;

use self::model::{Model, ModelAnswer};
use crate::{
    authority::{Lifetimes, LoggedIn, RefreshError},
    sessions::Client,
    test_databases::{Engine, TestDatabase, with_redis},
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
    /// Presents the refresh token of this age, in generations.
    Refresh(usize),
    /// Validates the session token of this age, in generations.
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

/// The same session in the service.
struct ServiceSession {
    database: TestDatabase,
    service: TestService,
    generations: Vec<LoggedIn>,
}

impl ServiceSession {
    async fn new(engine: Engine) -> Self {
        let database = TestDatabase::of(engine);
        let service = TestService::with(LIFETIMES, LIMITS, &database.location).await;
        let hash = crate::users::PasswordHash::dummy();
        service.add_user_with_hash("alice", hash, &[]).await;
        let alice = service.store.find_user(&"alice".parse().unwrap()).await.unwrap().unwrap();
        let client = Client::new([127, 0, 0, 1].into(), None);
        let first = service.authority.begin_session(alice, client, HERE).await.unwrap();
        Self { database, service, generations: vec![first] }
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
        self.service = TestService::with(LIFETIMES, LIMITS, &self.database.location).await;
        self.service.clock.advance(Duration::from_millis(now));
    }

    async fn validate(&self, at: usize) -> bool {
        self.service.authority.principal(&bearer(self.generations[at].token.expose())).await.is_ok()
    }

    /// Unlike validation, this does not count as a use of the token.
    async fn is_valid(&self, at: usize) -> bool {
        self.service.is_valid(&self.generations[at].token.hash()).await
    }
}

fn bearer(token: &str) -> BearerToken {
    BearerToken::parse(token.as_bytes()).unwrap()
}

/// The content of an answer as text.
fn answer(logged_in: &LoggedIn) -> String {
    let LoggedIn { token, refresh_token, .. } = logged_in;
    format!("{} {} {logged_in:?}", token.expose(), refresh_token.expose())
}

async fn live(engine: Engine, steps: Vec<SessionStep>) -> Result<(), TestCaseError> {
    let (mut real, mut model) = (ServiceSession::new(engine).await, Model::new());
    for step in steps {
        let aged = |age| (model.generations.len() - 1).saturating_sub(age);
        match step {
            SessionStep::Refresh(age) => {
                let at = aged(age);
                prop_assert_eq!(real.refresh(at).await?, model.refresh(at));
            }
            SessionStep::Use(age) => {
                let at = aged(age);
                prop_assert_eq!(real.validate(at).await, model.validate(at));
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
                // Any token of the session ends it, expired or not. Void tokens do not belong to it.
                model.alive = false;
                real.log_out().await;
            }
        }
        // What was added is in memory after a look.
        real.service.store.known(|| None::<()>).await.unwrap();
        for at in 0..model.generations.len() {
            prop_assert_eq!(real.is_valid(at).await, model.is_valid(at), "generation {}", at);
        }
    }
    Ok(())
}

/// The same programs for each engine, fewer on a server, others in each run. A failure prints its program.
static SEED: LazyLock<[u8; 32]> = LazyLock::new(|| {
    let mut seed = [0; 32];
    getrandom::fill(&mut seed).unwrap();
    seed
});

fn a_session_behaves_as_the_model(engine: Engine, cases: u32) {
    let config = ProptestConfig { cases, failure_persistence: None, ..Default::default() };
    let random = TestRng::from_seed(RngAlgorithm::ChaCha, &*SEED);
    let mut runner = TestRunner::new_with_rng(config, random);
    let run = |steps| {
        let runtime = runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(live(engine, steps))
    };
    runner.run(&prop::collection::vec(step(), 1..40), run).unwrap();
}

#[test]
fn a_session_on_sqlite_behaves_as_the_model() {
    a_session_behaves_as_the_model(Engine::Sqlite, 64);
}

#[test]
#[cfg_attr(not(tests_on_postgres), ignore = "PostgreSQL not found: run cargo xtask peers")]
fn a_session_on_postgres_behaves_as_the_model() {
    a_session_behaves_as_the_model(Engine::Postgres, 16);
}

#[test]
#[cfg_attr(not(tests_on_redis), ignore = "Redis not found: run cargo xtask peers")]
fn a_session_on_sqlite_and_redis_behaves_as_the_model() {
    let model = async { a_session_behaves_as_the_model(Engine::Sqlite, 32) };
    with_redis(model).now_or_never().unwrap();
}
