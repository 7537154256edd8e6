//! Sends notices to clients, from the database and until they are received.

use std::{pin::pin, sync::Arc, time::Duration};

use chrono::{DateTime, SubsecRound, TimeDelta, Utc};
use futures_util::{StreamExt, stream::FuturesUnordered};
use prometheus_client::metrics::counter::Counter;
use reqwest::{Client, StatusCode, header::CONTENT_TYPE, redirect};
use service_runtime::{clock::Clock, metrics::Metrics, tls::Trust};
use tokio::time::{MissedTickBehavior, interval};
use url::form_urlencoded;

use super::{logout_token::LogoutClaims, notice::LogoutNotice};
use crate::{
    oauth::{SigningError, SigningKeys},
    oidc::client::{CallbackUri, ClientId, OidcClient},
    store::{Store, Unavailable},
};

/// How often it is looked for notices that are due.
const PERIOD: Duration = Duration::from_secs(1);
/// How long a client may take to answer (section 2.5 has it answer at once).
const CALL_TIME: Duration = Duration::from_secs(5);
/// How many calls go on at a time.
const MOST_CALLS: usize = 32;
/// The longest time between two tries.
const LONGEST_WAIT: TimeDelta = TimeDelta::minutes(5);

/// Tells clients of the ends of sessions. Of several instances, one sends a notice.
#[derive(Debug)]
pub(crate) struct BackChannel {
    store: Store,
    keys: Arc<SigningKeys>,
    clock: Arc<dyn Clock>,
    http: Client,
    received: Counter,
    failed: Counter,
    given_up: Counter,
}

/// A client was not told.
#[derive(Debug, thiserror::Error)]
enum NotTold {
    /// It answered, and not with success.
    #[error("it answered {0}")]
    Refused(StatusCode),
    /// It did not answer in time, or showed no certificate that is trusted.
    #[error("{0}")]
    NoAnswer(reqwest::Error),
    #[error(transparent)]
    Signing(#[from] SigningError),
    #[error(transparent)]
    Unavailable(#[from] Unavailable),
}

impl BackChannel {
    /// A sender of the notices in this store. Clients have to show certificates that the system
    /// trusts.
    ///
    /// # Errors
    /// When the connections cannot be set up.
    pub(crate) fn new(
        store: Store,
        keys: Arc<SigningKeys>,
        clock: Arc<dyn Clock>,
        metrics: &Metrics,
    ) -> Result<Self, BackChannelError> {
        let trust = Trust::system().unwrap_or_else(|fault| {
            tracing::info!(%fault, "no client can be told of the end of a session");
            Trust::none()
        });
        let http = Client::builder()
            .no_proxy()
            .https_only(true)
            .redirect(redirect::Policy::none())
            .tls_backend_preconfigured(trust.client_config()?)
            .timeout(CALL_TIME)
            .user_agent(concat!(env!("CARGO_PKG_NAME"), "/", env!("CARGO_PKG_VERSION")))
            .build()?;
        let counter = |name, help| metrics.register(name, help, Counter::default());
        Ok(Self {
            store,
            keys,
            clock,
            http,
            received: counter("logout_notices_received", "Notices that clients have received"),
            failed: counter("logout_notices_failed", "Calls of clients that failed"),
            given_up: counter(
                "logout_notices_given_up",
                "Notices that a client has not received for an hour",
            ),
        })
    }

    /// Sends notices in the name of this issuer, until it is dropped.
    pub(crate) async fn run(&self, issuer: &str) {
        let mut ticks = interval(PERIOD);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut calls = FuturesUnordered::new();
        // The client of each call.
        let mut called: Vec<ClientId> = Vec::new();
        loop {
            tokio::select! {
                _ = ticks.tick() => {}
                Some(client) = calls.next() => remove_one(&mut called, client),
            }
            loop {
                let (notices, ended) = beside(&mut calls, self.take(&called)).await;
                // What these clients are due next was not taken while they were called.
                if notices.is_empty() && ended.is_empty() {
                    break;
                }
                ended.into_iter().for_each(|client| remove_one(&mut called, client));
                for notice in notices {
                    called.push(notice.client);
                    calls.push(self.send(notice, issuer));
                }
            }
        }
    }

    /// Notices that are due, of clients that are not called just now: one that hangs gets no further
    /// calls. None while the database does not answer: they are due later as well.
    async fn take(&self, called: &[ClientId]) -> Vec<LogoutNotice> {
        let at_most = i64::try_from(MOST_CALLS.saturating_sub(called.len())).unwrap_or(i64::MAX);
        if at_most == 0 {
            return Vec::new();
        }
        self.store.take_notices(at_most, called, self.now()).await.unwrap_or_default()
    }

    /// Sends a notice, notes whether it was received, and gives its client.
    async fn send(&self, notice: LogoutNotice, issuer: &str) -> ClientId {
        // If it cannot be read, the notice is due again in a while.
        if let Ok(client) = self.store.client_to_tell(&notice).await {
            self.send_to(client.as_ref(), &notice, issuer).await;
        }
        notice.client
    }

    /// To a client, unless it is not to be told any more.
    async fn send_to(&self, client: Option<&OidcClient>, notice: &LogoutNotice, issuer: &str) {
        let told = match client {
            None => Ok(()),
            Some(client) => self.tell(client, notice, issuer).await,
        };
        let name = client.map(|client| client.settings.name.as_str()).unwrap_or_default();
        let kept = match told {
            Ok(()) => self.store.remove_notice(notice.number).await,
            Err(error) if self.now().timestamp_millis() >= notice.given_up_at => {
                self.given_up.inc();
                tracing::warn!(client = name, %error, "gave up telling a client of the end of a session");
                self.store.remove_notice(notice.number).await
            }
            Err(error) => {
                tracing::info!(client = name, %error, tries = notice.tries, "cannot tell a client of the end of a session yet");
                self.store.postpone_notice(notice, self.now() + wait_after(notice.tries)).await
            }
        };
        if let Err(error) = kept {
            tracing::warn!(client = name, %error, "cannot note that a client was told of the end of a session");
        }
    }

    async fn tell(
        &self,
        client: &OidcClient,
        notice: &LogoutNotice,
        issuer: &str,
    ) -> Result<(), NotTold> {
        let Some(uri) = &client.settings.backchannel_logout_uri else {
            return Ok(());
        };
        let told = self.call(client, uri, notice, issuer).await;
        let counter = if told.is_ok() { &self.received } else { &self.failed };
        counter.inc();
        told
    }

    async fn call(
        &self,
        client: &OidcClient,
        uri: &CallbackUri,
        notice: &LogoutNotice,
        issuer: &str,
    ) -> Result<(), NotTold> {
        let claims = LogoutClaims::new(notice, issuer, self.now());
        let token = self.keys.sign_logout_token(client.settings.id_token_alg, &claims).await?;
        let body = form_urlencoded::Serializer::new(String::new())
            .append_pair("logout_token", &token)
            .finish();
        let request = self.http.post(uri.as_str());
        let request = request.header(CONTENT_TYPE, "application/x-www-form-urlencoded").body(body);
        // The URL may be a secret between the two.
        let answer =
            request.send().await.map_err(|error| NotTold::NoAnswer(error.without_url()))?;
        if answer.status().is_success() { Ok(()) } else { Err(NotTold::Refused(answer.status())) }
    }

    fn now(&self) -> DateTime<Utc> {
        self.clock.now().trunc_subsecs(3)
    }
}

/// Does some work while calls go on, and gives the clients of those that ended meanwhile. A call may
/// hold, or be next to get, the connection to the database that the work waits for.
async fn beside<T>(
    calls: &mut FuturesUnordered<impl Future<Output = ClientId>>,
    work: impl Future<Output = T>,
) -> (T, Vec<ClientId>) {
    let mut work = pin!(work);
    let mut ended = Vec::new();
    loop {
        tokio::select! {
            biased;
            done = &mut work => return (done, ended),
            Some(client) = calls.next() => ended.push(client),
        }
    }
}

fn remove_one(called: &mut Vec<ClientId>, client: ClientId) {
    if let Some(at) = called.iter().position(|called| *called == client) {
        called.swap_remove(at);
    }
}

/// How long to wait after so many tries: two seconds, and twice as long each time.
fn wait_after(tries: i64) -> TimeDelta {
    let exponent = u32::try_from(tries.clamp(1, 16)).unwrap_or(1);
    TimeDelta::seconds(2_i64.pow(exponent)).min(LONGEST_WAIT)
}

/// The connections to clients cannot be set up.
#[derive(Debug, thiserror::Error)]
pub(crate) enum BackChannelError {
    /// TLS cannot be set up.
    #[error("cannot set up TLS: {0}")]
    Tls(#[from] rustls::Error),
    /// The HTTP client cannot be set up.
    #[error("cannot set up HTTP: {0}")]
    Http(#[from] reqwest::Error),
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt;
    use tokio::{sync::Semaphore, time::timeout};

    use super::*;

    /// More calls than connections: the work waits behind one that has not got its own yet.
    #[tokio::test]
    async fn calls_go_on_while_notices_are_taken() {
        let connections = Semaphore::new(1);
        let hold = async || {
            let held = connections.acquire().await;
            tokio::task::yield_now().await;
            drop(held);
            ClientId::KubectlSso
        };
        let mut calls = FuturesUnordered::from_iter([hold(), hold(), hold()]);
        // Each has asked for a connection before the work does.
        assert!(calls.next().now_or_never().is_none());
        let work = async { connections.acquire().await.is_ok() };
        let done = timeout(Duration::from_secs(5), beside(&mut calls, work)).await;
        let (worked, ended) = done.expect("no call goes on");
        assert!(worked && ended.len() == 3, "{ended:?}");
    }

    #[test]
    fn time_between_tries_doubles_up_to_five_minutes() {
        for (tries, seconds) in [(1, 2), (2, 4), (3, 8), (8, 256), (9, 300), (1000, 300)] {
            assert_eq!(wait_after(tries), TimeDelta::seconds(seconds), "{tries}");
        }
    }
}
