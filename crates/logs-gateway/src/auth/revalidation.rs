//! Validates the token of an open stream again and again.

use std::{future::pending, rc::Rc, sync::Arc, time::Duration};

use chrono::{DateTime, Utc};
use service_runtime::{clock::Clock, http::RequestContext};
use tokio::{
    sync::watch,
    time::{Instant, sleep},
};

use super::{Authority, Caller, Credential, IdentifyError, TokenEnd};
use crate::end_reason::EndReason;

/// How often a token is validated, and how long a stream continues without an answer.
#[derive(Debug, Clone, Copy)]
pub(crate) struct RevalidationTimes {
    pub(crate) revalidate: Duration,
    pub(crate) stale_max: Duration,
}

/// The credential behind a stream.
#[derive(Debug)]
pub(crate) struct Revalidation {
    authority: Rc<Authority>,
    clock: Arc<dyn Clock>,
    credential: Credential,
    context: RequestContext,
    times: RevalidationTimes,
    /// When the token ends, by the last answer of the authority.
    end: watch::Sender<TokenEnd>,
}

impl Revalidation {
    /// The revalidation of a credential that was just accepted until `expires_at`.
    pub(crate) fn new(
        authority: Rc<Authority>,
        clock: Arc<dyn Clock>,
        credential: Credential,
        context: RequestContext,
        times: RevalidationTimes,
        expires_at: DateTime<Utc>,
    ) -> Self {
        let end = watch::Sender::new(TokenEnd::of(&credential, expires_at, clock.now()));
        Self { authority, clock, credential, context, times, end }
    }

    /// When the token ends, now and after each change.
    pub(crate) fn token_end(&self) -> watch::Receiver<TokenEnd> {
        self.end.subscribe()
    }

    /// Runs until the stream has to end, and returns the reason. The stream never outlives its
    /// token, even if the authority cannot be asked, and ends when `may_continue` refuses the
    /// caller as the authority describes it then. What a front has forwarded does not end here.
    pub(crate) async fn run(self, may_continue: impl Fn(&Caller) -> bool) -> EndReason {
        let Credential::Token(token) = &self.credential else {
            return pending().await;
        };
        let mut last_answer = Instant::now();
        loop {
            let expires_at = self.end.borrow().expires_at;
            tokio::select! {
                () = sleep(self.times.revalidate) => {}
                () = self.expiry(expires_at) => return EndReason::Expired,
            }
            let answer = tokio::select! {
                answer = self.authority.identify(token, &self.context) => answer,
                () = self.expiry(expires_at) => return EndReason::Expired,
            };
            match answer {
                Ok(caller) if may_continue(&caller) => {
                    self.note_end(caller.expires_at);
                    last_answer = Instant::now();
                }
                Ok(_) | Err(IdentifyError::Forbidden) => return EndReason::Forbidden,
                Err(IdentifyError::Invalid) if self.clock.now() >= expires_at => {
                    return EndReason::Expired;
                }
                Err(IdentifyError::Invalid) => return EndReason::Revoked,
                Err(IdentifyError::Unknown(cause)) => {
                    tracing::debug!(%cause, "a stream's token could not be revalidated");
                    if last_answer.elapsed() >= self.times.stale_max {
                        return EndReason::Unavailable;
                    }
                }
            }
        }
    }

    /// Receivers are woken only by a change.
    fn note_end(&self, expires_at: DateTime<Utc>) {
        let now = self.clock.now();
        self.end.send_if_modified(|end| {
            let updated = end.updated(expires_at, now);
            std::mem::replace(end, updated) != updated
        });
    }

    async fn expiry(&self, at: DateTime<Utc>) {
        match (at - self.clock.now()).to_std() {
            Ok(left) => sleep(left).await,
            Err(_) if at <= self.clock.now() => {}
            Err(_) => pending().await,
        }
    }
}
