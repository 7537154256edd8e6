//! The authority's instances: which one is asked, and which one after it.

use std::{rc::Rc, sync::Arc, time::Duration};

use prometheus_client::metrics::histogram::Histogram;
use reqwest::redirect;
use rustls::ClientConfig;
use service_runtime::{clock::Clock, http::RequestContext};
use shared_types::BearerToken;
use tokio::time::Instant;
use url::Url;

use super::{
    batching::BatchAuthority,
    identify_error::{Identification, IdentifyError, UnknownCause},
    instance::Instance,
    resting::{CallStart, InstanceChange, RestingInstances},
};

/// Idle connections are closed before the authority closes them (it waits 75 s).
const POOL_IDLE: Duration = Duration::from_secs(30);
const MAX_IDLE_CONNECTIONS: usize = 128;

/// The HTTP client of a worker. `tls` is for instances that are asked over https.
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

/// The instances of the authority, which all know the same sessions.
#[derive(Debug)]
pub(super) struct Instances {
    all: Vec<Instance>,
    /// Shared by all workers.
    resting: Arc<RestingInstances>,
    /// How many tokens each call was about.
    call_tokens: Histogram,
}

impl Instances {
    /// Instances below these URLs, which must be one at least, in the order of preference.
    /// `resting` is for as many.
    pub(super) fn new(
        http: &reqwest::Client,
        bases: &[Url],
        resting: Arc<RestingInstances>,
        clock: &Arc<dyn Clock>,
        call_tokens: Histogram,
    ) -> Self {
        let below = |base| Instance::below(base, http.clone(), clock.clone());
        Self { all: bases.iter().map(below).collect(), resting, call_tokens }
    }

    async fn ask_one(
        &self,
        number: usize,
        tokens: &[Rc<BearerToken>],
        context: &RequestContext,
        deadline: Instant,
    ) -> Vec<Identification> {
        let instance = &self.all[number];
        let start = self.resting.begin_to_ask(number);
        self.call_tokens.observe(tokens.len() as f64);
        let identifications = instance.ask(tokens, context, deadline).await;
        self.note(number, start, failure(&identifications));
        identifications
    }

    /// Notes how a call ended, and logs each change of an instance once.
    fn note(&self, number: usize, start: CallStart, failure: Option<&UnknownCause>) {
        // Without another instance there is no choice that a single token could mislead.
        if !self.has_several() && failure.is_some_and(UnknownCause::concerns_token) {
            return;
        }
        let instance = self.all[number].url();
        match (self.resting.note(number, start, failure.is_none()), failure) {
            (Some(InstanceChange::Down), Some(cause)) => {
                tracing::warn!(%instance, %cause, "an instance of the authority is unavailable");
            }
            (Some(InstanceChange::AllDown), Some(cause)) => {
                tracing::error!(%instance, %cause, "no instance of the authority is available");
            }
            (Some(InstanceChange::Up), _) => {
                tracing::info!(%instance, "an instance of the authority is available again");
            }
            _ => {}
        }
    }

    /// Whether another call may help. A single instance is asked again only if the connection
    /// failed: one that answers has told what it knows, and may be overloaded.
    fn may_ask_again(&self, identification: &Identification) -> bool {
        let is_lost = |cause: &UnknownCause| matches!(cause, UnknownCause::Transport(_));
        cause(identification).is_some_and(|cause| self.has_several() || is_lost(cause))
    }

    fn has_several(&self) -> bool {
        self.all.len() > 1
    }
}

impl BatchAuthority for Instances {
    fn max_batch(&self) -> usize {
        self.all[self.resting.next(None)].max_batch()
    }

    /// Asks an instance, then another one about the tokens that the first left unknown. A request
    /// changes nothing, so it may be repeated.
    async fn ask(
        &self,
        tokens: &[Rc<BearerToken>],
        context: &RequestContext,
        deadline: Instant,
    ) -> Vec<Identification> {
        let first = self.resting.next(None);
        // An instance that hangs leaves time to ask another.
        let first_deadline = if self.has_several() { midpoint_to(deadline) } else { deadline };
        let mut identifications = self.ask_one(first, tokens, context, first_deadline).await;
        let mut unknown: Vec<usize> = (0..tokens.len()).collect();
        unknown.retain(|place| self.may_ask_again(&identifications[*place]));
        if unknown.is_empty() {
            return identifications;
        }
        let left: Vec<_> = unknown.iter().map(|place| tokens[*place].clone()).collect();
        let second = self.resting.next(Some(first));
        let answers = self.ask_one(second, &left, context, deadline).await;
        for (place, identification) in unknown.into_iter().zip(answers) {
            identifications[place] = identification;
        }
        identifications
    }
}

/// Why the whole call failed. An instance that can tell about one of the tokens is well.
fn failure(identifications: &[Identification]) -> Option<&UnknownCause> {
    let all_unknown = identifications.iter().all(|one| cause(one).is_some());
    identifications.first().filter(|_| all_unknown).and_then(cause)
}

fn cause(identification: &Identification) -> Option<&UnknownCause> {
    match identification {
        Err(IdentifyError::Unknown(cause)) => Some(cause),
        _ => None,
    }
}

fn midpoint_to(deadline: Instant) -> Instant {
    let now = Instant::now();
    now + deadline.saturating_duration_since(now) / 2
}
