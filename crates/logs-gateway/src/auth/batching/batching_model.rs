//! A model test: random requests against an authority that is slow, fails and hangs, in simulated
//! time.

mod examples;
mod random_steps;

use std::{
    cell::{Cell, RefCell},
    collections::HashMap,
    net::{IpAddr, Ipv4Addr},
    sync::Arc,
};

use actix_web::http::header::HeaderMap;
use chrono::DateTime;
use proptest::prelude::*;
use shared_types::{MAX_BATCH, TokenKind, encode_token};
use tokio::{
    task::{JoinHandle, LocalSet, yield_now},
    time::{sleep, sleep_until},
};

use self::random_steps::{CallOutcome, Step, fate, step};
use super::*;
use crate::auth::{Caller, IdentifyError};

const TIMEOUT: Duration = Duration::from_secs(2);
/// What timers are precise to.
const TICK: Duration = Duration::from_millis(2);

/// Keeps count of everything, and holds every call against what may be.
struct Model {
    fates: Vec<CallOutcome>,
    max_batch: Cell<usize>,
    next_max_batch: Cell<usize>,
    /// Moves with every arrival and every call.
    moment: Cell<u64>,
    calls: RefCell<Vec<Vec<Rc<BearerToken>>>>,
    in_flight: Cell<usize>,
    /// Callers of each token that have no answer yet.
    waiting: RefCell<HashMap<String, usize>>,
}

impl Model {
    fn new(fates: &[CallOutcome]) -> Rc<Self> {
        Rc::new(Self {
            fates: fates.to_owned(),
            max_batch: Cell::new(MAX_BATCH),
            next_max_batch: Cell::new(MAX_BATCH),
            moment: Cell::new(0),
            calls: RefCell::default(),
            in_flight: Cell::new(0),
            waiting: RefCell::default(),
        })
    }

    fn next_moment(&self) -> u64 {
        self.moment.set(self.moment.get() + 1);
        self.moment.get()
    }

    fn check_call(&self, tokens: &[Rc<BearerToken>]) {
        assert!((1..=self.max_batch.get()).contains(&tokens.len()), "{}", tokens.len());
        for (at, token) in tokens.iter().enumerate() {
            assert!(!tokens[..at].contains(token), "a token comes twice");
            let waiting = self.waiting.borrow().get(token.expose()).copied();
            assert!(waiting > Some(0), "a call without a waiting caller");
        }
        assert!(self.in_flight.get() + tokens.len() <= MAX_ASKED);
    }
}

impl BatchAuthority for Rc<Model> {
    fn max_batch(&self) -> usize {
        self.max_batch.get()
    }

    async fn ask(
        &self,
        tokens: &[Rc<BearerToken>],
        _: &RequestContext,
        deadline: Instant,
    ) -> Vec<Identification> {
        self.check_call(tokens);
        let sent = self.next_moment();
        let fate = self.fates[self.calls.borrow().len() % self.fates.len()];
        self.calls.borrow_mut().push(tokens.to_owned());
        self.in_flight.set(self.in_flight.get() + tokens.len());
        let (end, good) = match fate {
            CallOutcome::Answered { after } => (Instant::now() + after, true),
            CallOutcome::Failed { after } => (Instant::now() + after, false),
            CallOutcome::Hanging => (deadline, false),
        };
        sleep_until(end.min(deadline)).await;
        self.in_flight.set(self.in_flight.get() - tokens.len());
        self.max_batch.set(self.next_max_batch.get());
        let identification = |token: &Rc<BearerToken>| match good && end <= deadline {
            true => Ok(of(token, sent)),
            false => Err(UnknownCause::InvalidAnswer.into()),
        };
        tokens.iter().map(identification).collect()
    }
}

/// An answer that says what it is about, and when it was asked for.
fn of(token: &BearerToken, sent: u64) -> Caller {
    let username = format!("{} {sent}", token.expose()).into();
    let expires_at = DateTime::UNIX_EPOCH;
    let (roles, permissions) = (Arc::default(), Arc::default());
    Caller { username, user_id: None, roles, permissions, session_id: None, expires_at }
}

fn token(number: u8) -> Rc<BearerToken> {
    let token = encode_token(TokenKind::Session, &[number; 32]);
    Rc::new(BearerToken::parse(token.as_bytes()).unwrap())
}

fn context() -> RequestContext {
    RequestContext::new(&HeaderMap::new(), IpAddr::V4(Ipv4Addr::LOCALHOST), DateTime::UNIX_EPOCH)
}

/// One who counts as waiting until dropped.
struct WaitingCaller<'a>(&'a Model, &'a BearerToken);

impl<'a> WaitingCaller<'a> {
    fn new(model: &'a Model, token: &'a BearerToken) -> Self {
        *model.waiting.borrow_mut().entry(token.expose().to_owned()).or_default() += 1;
        Self(model, token)
    }
}

impl Drop for WaitingCaller<'_> {
    fn drop(&mut self) {
        *self.0.waiting.borrow_mut().get_mut(self.1.expose()).unwrap() -= 1;
    }
}

/// Asks, and holds the answer against what may be. `None` if the caller left first.
async fn call(
    model: Rc<Model>,
    batching: Rc<Batching<Rc<Model>>>,
    number: u8,
    leaves: Option<Duration>,
) -> Option<Identification> {
    let (token, context) = (token(number), context());
    let (arrived, since) = (model.next_moment(), Instant::now());
    let asking = async {
        // Dropped together with the question.
        let _present = WaitingCaller::new(&model, &token);
        batching.ask(&token, &context).await
    };
    let identification = timeout(leaves.unwrap_or(Duration::MAX), asking).await.ok();
    assert!(since.elapsed() <= TIMEOUT + TICK, "{:?}", since.elapsed());
    if let Some(Ok(caller)) = &identification {
        let (about, sent) = caller.username.split_once(' ').unwrap();
        assert_eq!(about, token.expose(), "the answer to another token");
        assert!(sent.parse::<u64>().unwrap() > arrived, "joined a call that was sent before");
    }
    identification
}

/// Whatever can run without time passing has run.
async fn settle() {
    for _ in 0..512 {
        yield_now().await;
    }
}

/// Nobody waits for nothing: only for a call that is neither slow nor about less than it could be,
/// or because as many are on their way as may be.
async fn check_at_rest(model: &Model, batching: &Batching<Rc<Model>>) {
    settle().await;
    let queue = batching.queue.borrow();
    let max_batch = model.max_batch.get();
    let is_full = queue.asked + max_batch > MAX_ASKED;
    let may_wait = (queue.prompt > 0 && queue.waiting.len() < max_batch) || is_full;
    assert!(queue.waiting.is_empty() || may_wait, "{} wait", queue.waiting.len());
    assert_eq!((queue.starting, queue.asked), (0, model.in_flight.get()));
    assert_eq!(queue.waiters, queue.waiting.values().map(Vec::len).sum::<usize>());
}

async fn run(fates: &[CallOutcome], steps: &[Step]) {
    let model = Model::new(fates);
    let batching = Batching::new(model.clone(), TIMEOUT);
    let mut callers: Vec<JoinHandle<_>> = Vec::new();
    for step in steps {
        match *step {
            Step::Arrive { first, count, leaves } => {
                callers.extend((0..count).map(|offset| {
                    let number = first.wrapping_add(offset);
                    spawn_local(call(model.clone(), batching.clone(), number, leaves))
                }));
            }
            Step::Pass(time) => {
                check_at_rest(&model, &batching).await;
                sleep(time).await;
            }
            Step::Lots(max) => model.next_max_batch.set(max),
        }
    }
    for caller in callers {
        caller.await.unwrap();
    }
    sleep(TIMEOUT + TICK).await;
    let queue = batching.queue.borrow();
    assert_eq!((queue.waiters, queue.starting, queue.prompt, queue.asked), (0, 0, 0, 0));
}

fn in_paused_time(test: impl Future<Output = ()>) {
    let mut runtime = tokio::runtime::Builder::new_current_thread();
    let runtime = runtime.enable_time().start_paused(true).build().unwrap();
    runtime.block_on(LocalSet::new().run_until(test));
}

proptest! {
    #[test]
    fn each_caller_gets_the_answer_to_its_own_token_from_a_later_call(
        fates in proptest::collection::vec(fate(), 1..20),
        steps in proptest::collection::vec(step(), 1..60),
    ) {
        in_paused_time(run(&fates, &steps));
    }
}
