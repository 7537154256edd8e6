//! The warning that a token ends.

use std::{future::pending, time::Duration};

use chrono::{DateTime, Utc};
use pod_logs::write_event;
use tokio::{sync::watch, time::Instant};

use super::forced_end::AuthEvent;
use crate::{auth::TokenEnd, end_reason::EndReason};

/// How long before its token's end a stream of events warns.
const WARNING: Duration = Duration::from_secs(60);

/// Warns a client that its token ends. The default never warns.
#[derive(Default)]
pub(super) struct TokenWarning {
    /// When the token ends, as the authority said last.
    token_end: Option<watch::Receiver<TokenEnd>>,
    /// The end that the client was warned of.
    warned_of: Option<DateTime<Utc>>,
}

impl TokenWarning {
    pub(super) fn of(token_end: watch::Receiver<TokenEnd>) -> Self {
        Self { token_end: Some(token_end), warned_of: None }
    }

    pub(super) fn token_end(&self) -> Option<watch::Receiver<TokenEnd>> {
        self.token_end.clone()
    }

    /// When to warn, unless that was done.
    pub(super) fn due(&self) -> Option<Instant> {
        let end = self.token_end.as_ref()?.borrow();
        let due = end.due().filter(|_| self.warned_of != Some(end.expires_at))?;
        Some(due.checked_sub(WARNING).unwrap_or_else(Instant::now))
    }

    /// Appends the warning.
    pub(super) fn write(&mut self, chunk: &mut Vec<u8>) {
        if let Some(end) = &self.token_end {
            let expires_at = end.borrow().expires_at;
            self.warned_of = Some(expires_at);
            let event = AuthEvent { state: "expiring", reason: EndReason::Expired, expires_at };
            write_event(chunk, "auth", &event);
        }
    }

    /// Ends when the authority says another end of the token.
    pub(super) async fn token_end_moved(&mut self) {
        let is_told = match &mut self.token_end {
            Some(end) => end.changed().await.is_ok(),
            None => false,
        };
        if !is_told {
            pending::<()>().await;
        }
    }
}
