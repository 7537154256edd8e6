//! The authority's instances: which one is asked.

use std::{rc::Rc, sync::Arc, time::Duration};

use reqwest::redirect;
use rustls::ClientConfig;
use service_runtime::{clock::Clock, http::RequestContext};
use shared_types::BearerToken;
use tokio::time::Instant;
use url::Url;

use super::{
    batching::Ask,
    instance::Instance,
    refusal::{Refusal, Unknown, Verdict},
    rests::Rests,
};

/// Idle connections are closed before the authority closes them (it waits 75 s).
const POOL_IDLE: Duration = Duration::from_secs(30);
const MAX_IDLE_CONNECTIONS: usize = 128;
/// The connections of a worker. `tls` is for instances that are asked over https.
///
/// # Errors
/// When they cannot be set up.
pub(crate) fn connections(
    tls: ClientConfig,
    timeout: Duration,
) -> reqwest::Result<reqwest::Client> {
    reqwest::Client::builder()
        .no_proxy()
        .redirect(redirect::Policy::none())
        .tls_backend_preconfigured(tls)
        .tcp_nodelay(true)
        // An instance that cannot be reached leaves time to ask another.
        .connect_timeout(timeout / 2)
        .pool_idle_timeout(POOL_IDLE)
        .pool_max_idle_per_host(MAX_IDLE_CONNECTIONS)
        .build()
}

/// The authority's instances, which know the same.
#[derive(Debug)]
pub(super) struct Instances {
    all: Vec<Instance>,
    rests: Rests,
}

impl Instances {
    /// Instances below these URLs, which must be one at least, in the order of preference.
    pub(super) fn new(http: &reqwest::Client, bases: &[Url], clock: &Arc<dyn Clock>) -> Self {
        let below = |base| Instance::below(base, http.clone(), clock.clone());
        Self { all: bases.iter().map(below).collect(), rests: Rests::of(bases.len()) }
    }

    async fn ask_one(
        &self,
        number: usize,
        tokens: &[Rc<BearerToken>],
        context: &RequestContext,
        deadline: Instant,
    ) -> Vec<Verdict> {
        let instance = &self.all[number];
        self.rests.begin_to_ask(number);
        let verdicts = instance.ask(tokens, context, deadline).await;
        if self.has_several() {
            self.note(number, verdicts.iter().find_map(cause));
        }
        verdicts
    }

    /// Notes how a call ended: with the cause if something could not be told.
    fn note(&self, number: usize, cause: Option<&Unknown>) {
        let rested = self.rests.note(number, cause.is_none());
        let instance = self.all[number].url();
        match cause {
            Some(cause) if !rested => {
                tracing::warn!(%instance, %cause, "asking another instance of the authority");
            }
            None if rested => tracing::info!(%instance, "asking this instance again"),
            _ => {}
        }
    }

    /// Whether another call may tell more. A single instance is asked again only if the connection
    /// failed: one that answers has said what it knows, and may have too much to do already.
    fn may_be_told(&self, verdict: &Verdict) -> bool {
        let is_lost = |cause: &Unknown| matches!(cause, Unknown::Transport(_));
        cause(verdict).is_some_and(|cause| self.has_several() || is_lost(cause))
    }

    fn has_several(&self) -> bool {
        self.all.len() > 1
    }
}

impl Ask for Instances {
    fn max_lot(&self) -> usize {
        self.all[self.rests.next(None)].max_lot()
    }

    /// Asks an instance, and another one about the tokens of which the first could not tell. Asking
    /// changes nothing, so it may be done twice.
    async fn ask(
        &self,
        tokens: &[Rc<BearerToken>],
        context: &RequestContext,
        deadline: Instant,
    ) -> Vec<Verdict> {
        let first = self.rests.next(None);
        // An instance that hangs leaves time to ask another.
        let first_deadline = if self.has_several() { half_way_to(deadline) } else { deadline };
        let mut verdicts = self.ask_one(first, tokens, context, first_deadline).await;
        let mut unknown: Vec<usize> = (0..tokens.len()).collect();
        unknown.retain(|place| self.may_be_told(&verdicts[*place]));
        if unknown.is_empty() {
            return verdicts;
        }
        let left: Vec<_> = unknown.iter().map(|place| tokens[*place].clone()).collect();
        let second = self.rests.next(Some(first));
        let answers = self.ask_one(second, &left, context, deadline).await;
        for (place, verdict) in unknown.into_iter().zip(answers) {
            verdicts[place] = verdict;
        }
        verdicts
    }
}

fn cause(verdict: &Verdict) -> Option<&Unknown> {
    match verdict {
        Err(Refusal::Unknown(cause)) => Some(cause),
        _ => None,
    }
}

fn half_way_to(deadline: Instant) -> Instant {
    let now = Instant::now();
    now + deadline.saturating_duration_since(now) / 2
}
