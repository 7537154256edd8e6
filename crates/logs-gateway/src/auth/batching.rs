//! Natural batching: requests that wait at the same time share a call to the authority.
//!
//! While a call is on its way, requests that arrive wait; when it returns, the next call is about
//! all their tokens, each once. So a busy gateway makes few calls and an idle one calls at once:
//! there is no timer that gathers. **No request joins a call that was already sent**: its token may
//! have been revoked in between. A batch is taken at the moment it is sent, of the requests that
//! had arrived.
//!
//! One call at a time is the rule, with two exceptions: a full batch gains nothing by waiting, and
//! a slow call holds up no other.

#[cfg(test)]
mod batching_model;

use std::{cell::RefCell, pin::pin, rc::Rc, time::Duration};

use indexmap::IndexMap;
use service_runtime::{http::RequestContext, telemetry::RequestSpan};
use shared_types::BearerToken;
use tokio::{
    sync::oneshot,
    task::spawn_local,
    time::{Instant, timeout, timeout_at},
};

use super::identify_error::{Identification, UnknownCause};

/// How many requests may wait. One more gets the answer "unknown" at once.
const MAX_WAITING: usize = 4096;
/// How many tokens may be in calls that are on their way.
const MAX_ASKED: usize = 512;
/// A call that takes longer than this fraction of the timeout is slow.
const SLOW_AFTER: u32 = 8;

/// An authority that can be asked about several tokens at a time.
pub(super) trait BatchAuthority: 'static {
    /// How many tokens a call may be about at present, from 1 to [`MAX_ASKED`].
    fn max_batch(&self) -> usize;

    /// Asks about several tokens on behalf of a request, and returns an answer for each, in their
    /// order, soon after `deadline` at the latest.
    async fn ask(
        &self,
        tokens: &[Rc<BearerToken>],
        context: &RequestContext,
        deadline: Instant,
    ) -> Vec<Identification>;
}

/// The waiting requests and the calls on their way. Each worker has its own, so there are no locks.
#[derive(Debug)]
pub(super) struct Batching<A> {
    authority: A,
    /// From the arrival of a request to its answer.
    timeout: Duration,
    queue: RefCell<Queue>,
}

#[derive(Debug, Default)]
struct Queue {
    /// In the order of arrival.
    waiting: IndexMap<Rc<BearerToken>, Vec<Waiter>>,
    waiters: usize,
    /// Calls that have begun and have not taken their batch yet.
    starting: usize,
    /// Calls that are not slow, the starting ones among them.
    prompt: usize,
    /// Tokens in calls that are on their way.
    asked: usize,
}

/// A request that waits for the call that will be about its token.
#[derive(Debug)]
struct Waiter {
    context: RequestContext,
    span: RequestSpan,
    deadline: Instant,
    answer: oneshot::Sender<Identification>,
}

impl<A: BatchAuthority> Batching<A> {
    /// An empty queue before this authority.
    pub(super) fn new(authority: A, timeout: Duration) -> Rc<Self> {
        Rc::new(Self { authority, timeout, queue: RefCell::default() })
    }

    /// Asks about a token, in a call that is sent from now on.
    pub(super) async fn ask(
        self: &Rc<Self>,
        token: &Rc<BearerToken>,
        context: &RequestContext,
    ) -> Identification {
        let deadline = Instant::now() + self.timeout;
        let (answer, answered) = oneshot::channel();
        let (context, span) = (context.clone(), RequestSpan::current());
        let waiter = Waiter { context, span, deadline, answer };
        self.queue.borrow_mut().join(token, waiter)?;
        self.begin_calls();
        match timeout_at(deadline, answered).await {
            Ok(Ok(identification)) => identification,
            Ok(Err(_)) => Err(UnknownCause::BrokenOff.into()),
            Err(_) => Err(UnknownCause::Timeout.into()),
        }
    }

    /// Begins as many calls as should be on their way. A call takes its batch when it first runs,
    /// after other requests that arrived in the same moment.
    fn begin_calls(self: &Rc<Self>) {
        while self.queue.borrow().wants_call(self.authority.max_batch()) {
            spawn_local(Call::new(self.clone()).run());
        }
    }
}

impl Queue {
    fn join(&mut self, token: &Rc<BearerToken>, waiter: Waiter) -> Result<(), UnknownCause> {
        if self.waiters >= MAX_WAITING {
            self.forget_abandoned();
        }
        if self.waiters >= MAX_WAITING {
            return Err(UnknownCause::Busy);
        }
        self.waiters += 1;
        match self.waiting.get_mut(token) {
            Some(waiters) => waiters.push(waiter),
            None => drop(self.waiting.insert(token.clone(), vec![waiter])),
        }
        Ok(())
    }

    fn forget_abandoned(&mut self) {
        self.waiting.retain(|_, waiters| {
            waiters.retain(|waiter| !waiter.answer.is_closed());
            !waiters.is_empty()
        });
        self.waiters = self.waiting.values().map(Vec::len).sum();
    }

    fn wants_call(&self, max_batch: usize) -> bool {
        let left_over = self.waiting.len().saturating_sub(self.starting * max_batch);
        let useful = left_over >= max_batch || (left_over > 0 && self.prompt == 0);
        useful && self.asked + (self.starting + 1) * max_batch <= MAX_ASKED
    }

    /// Those who wait longest, if anybody does.
    fn take_batch(&mut self, max_batch: usize) -> TokenBatch {
        self.forget_abandoned();
        let size = self.waiting.len().min(max_batch).min(MAX_ASKED - self.asked);
        let (tokens, waiters): (_, Vec<_>) = self.waiting.drain(..size).unzip();
        self.waiters -= waiters.iter().map(Vec::len).sum::<usize>();
        self.asked += size;
        TokenBatch { tokens, waiters }
    }
}

/// What one call is about: tokens, and who waits for each.
struct TokenBatch {
    tokens: Vec<Rc<BearerToken>>,
    waiters: Vec<Vec<Waiter>>,
}

impl TokenBatch {
    /// The first who waits, in whose name is asked, and when the last one goes.
    fn head(&self) -> Option<(RequestContext, RequestSpan, Instant)> {
        let mut waiters = self.waiters.iter().flatten();
        let first = waiters.next()?;
        let deadline = waiters.fold(first.deadline, |last, waiter| last.max(waiter.deadline));
        Some((first.context.clone(), first.span.clone(), deadline))
    }

    /// So that the authority's log leads to each request.
    fn log(&self, asked_as: &str) {
        for waiter in self.waiters.iter().flatten().skip(1) {
            waiter.span.in_scope(|| {
                tracing::debug!(asked_as, "validated in one call with another request");
            });
        }
    }

    fn answer(self, identifications: Vec<Identification>) {
        for (mut waiters, identification) in self.waiters.into_iter().zip(identifications) {
            let last = waiters.pop();
            for waiter in waiters {
                waiter.answer(identification.clone());
            }
            if let Some(last) = last {
                last.answer(identification);
            }
        }
    }
}

impl Waiter {
    fn answer(self, identification: Identification) {
        // Who left does not need it.
        let _left = self.answer.send(identification);
    }
}

/// A call, counted for as long as there is one, however it ends.
struct Call<A: BatchAuthority> {
    batching: Rc<Batching<A>>,
    phase: Phase,
    /// How many tokens it is about.
    asked: usize,
}

#[derive(PartialEq)]
enum Phase {
    Starting,
    Prompt,
    Slow,
}

impl<A: BatchAuthority> Call<A> {
    fn new(batching: Rc<Batching<A>>) -> Self {
        let mut queue = batching.queue.borrow_mut();
        queue.prompt += 1;
        queue.starting += 1;
        drop(queue);
        Self { batching, phase: Phase::Starting, asked: 0 }
    }

    async fn run(mut self) {
        let batch = self.take_batch();
        let Some((context, span, deadline)) = batch.head() else { return };
        batch.log(&context.request_id);
        let asking = self.ask(&batch.tokens, &context, deadline);
        let identifications = span.instrument(asking).await;
        // The next call is on its way before these answers are acted upon.
        let batching = self.batching.clone();
        drop(self);
        batching.begin_calls();
        batch.answer(identifications);
    }

    async fn ask(
        &mut self,
        tokens: &[Rc<BearerToken>],
        context: &RequestContext,
        deadline: Instant,
    ) -> Vec<Identification> {
        let batching = self.batching.clone();
        let mut answers = pin!(batching.authority.ask(tokens, context, deadline));
        match timeout(batching.timeout / SLOW_AFTER, answers.as_mut()).await {
            Ok(answers) => answers,
            Err(_) => {
                self.leave(Phase::Slow);
                batching.begin_calls();
                answers.await
            }
        }
    }

    fn take_batch(&mut self) -> TokenBatch {
        self.leave(Phase::Prompt);
        let max_batch = self.batching.authority.max_batch();
        let batch = self.batching.queue.borrow_mut().take_batch(max_batch);
        self.asked = batch.tokens.len();
        batch
    }

    /// The phase for the next one.
    fn leave(&mut self, next: Phase) {
        let mut queue = self.batching.queue.borrow_mut();
        queue.starting -= usize::from(self.phase == Phase::Starting);
        queue.prompt -= usize::from(self.phase != Phase::Slow && next == Phase::Slow);
        self.phase = next;
    }
}

impl<A: BatchAuthority> Drop for Call<A> {
    fn drop(&mut self) {
        self.leave(Phase::Slow);
        self.batching.queue.borrow_mut().asked -= self.asked;
    }
}
