//! Whether a stream may go on: asked again and again for as long as it is open.

use std::{future::pending, rc::Rc, sync::Arc, time::Duration};

use chrono::{DateTime, Utc};
use service_runtime::{clock::Clock, http::RequestContext};
use shared_types::BearerToken;
use tokio::{
    sync::watch,
    time::{Instant, sleep},
};

use super::{Authority, Caller, Refusal, TokenEnd};
use crate::end_reason::EndReason;

/// How often it is asked, and how long a stream goes on without an answer.
#[derive(Debug, Clone, Copy)]
pub(crate) struct VigilTimes {
    pub(crate) revalidate: Duration,
    pub(crate) stale_max: Duration,
}

/// The token behind a stream.
#[derive(Debug)]
pub(crate) struct Vigil {
    authority: Rc<Authority>,
    clock: Arc<dyn Clock>,
    token: Rc<BearerToken>,
    context: RequestContext,
    times: VigilTimes,
    /// When the token ends, as the authority said last.
    end: watch::Sender<TokenEnd>,
}

impl Vigil {
    /// A vigil over a token of which the authority has just said that it is good until
    /// `expires_at`.
    pub(crate) fn new(
        authority: Rc<Authority>,
        clock: Arc<dyn Clock>,
        token: Rc<BearerToken>,
        context: RequestContext,
        times: VigilTimes,
        expires_at: DateTime<Utc>,
    ) -> Self {
        let end = watch::Sender::new(TokenEnd::of(&token, expires_at, clock.now()));
        Self { authority, clock, token, context, times, end }
    }

    /// Tells when the token ends, now and whenever the authority says something else.
    pub(crate) fn token_end(&self) -> watch::Receiver<TokenEnd> {
        self.end.subscribe()
    }

    /// Ends when the stream may not go on, with the reason. The stream never outlives its token,
    /// even if the authority cannot be asked, nor what `may_go_on` says of the caller as the
    /// authority knows it then.
    pub(crate) async fn keep(self, may_go_on: impl Fn(&Caller) -> bool) -> EndReason {
        let mut last_answer = Instant::now();
        loop {
            let expires_at = self.end.borrow().expires_at;
            tokio::select! {
                () = sleep(self.times.revalidate) => {}
                () = self.expiry(expires_at) => return EndReason::Expired,
            }
            let answer = tokio::select! {
                answer = self.authority.identify(&self.token, &self.context) => answer,
                () = self.expiry(expires_at) => return EndReason::Expired,
            };
            match answer {
                Ok(caller) if may_go_on(&caller) => {
                    self.note_end(caller.expires_at);
                    last_answer = Instant::now();
                }
                Ok(_) | Err(Refusal::Forbidden) => return EndReason::Forbidden,
                Err(Refusal::Invalid) if self.clock.now() >= expires_at => {
                    return EndReason::Expired;
                }
                Err(Refusal::Invalid) => return EndReason::Revoked,
                Err(Refusal::Unknown(cause)) => {
                    tracing::debug!(%cause, "a stream's token could not be revalidated");
                    if last_answer.elapsed() >= self.times.stale_max {
                        return EndReason::Unavailable;
                    }
                }
            }
        }
    }

    /// Those who follow are woken only if something changed.
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
