//! How a stream ends that is ended from outside.

use bytes::Bytes;
use chrono::{DateTime, Utc};
use pod_logs::{LogForm, write_end, write_event};
use serde::Serialize;
use tokio::sync::watch;

use super::cut::Cut;
use crate::{auth::TokenEnd, end_reason::EndReason};

/// The end of a stream that is ended from outside: its token is over, or the service stops.
#[derive(Debug, Clone)]
pub(crate) struct ForcedEnd {
    pub(super) form: LogForm,
    /// For events.
    pub(super) token_end: Option<watch::Receiver<TokenEnd>>,
}

impl ForcedEnd {
    /// The end of a stream of events.
    pub(crate) fn of_events(token_end: watch::Receiver<TokenEnd>) -> Self {
        Self { form: LogForm::Events, token_end: Some(token_end) }
    }

    /// The last bytes of the stream, which tell the reason.
    ///
    /// # Errors
    /// When the form has no words for it: the body has to be cut off.
    pub(crate) fn write(self, reason: EndReason) -> Result<Bytes, Cut> {
        if !self.form.has_words() {
            return Err(Cut::Early(reason));
        }
        let mut chunk = Vec::new();
        if let Some(end) = self.token_end.filter(|_| reason.is_of_token()) {
            let expires_at = end.borrow().expires_at;
            write_event(&mut chunk, "auth", &AuthEvent { state: "ended", reason, expires_at });
        }
        write_end(self.form, reason, &mut chunk);
        Ok(chunk.into())
    }
}

/// What happens to the token behind a stream of events.
#[derive(Serialize)]
pub(super) struct AuthEvent {
    pub(super) state: &'static str,
    pub(super) reason: EndReason,
    pub(super) expires_at: DateTime<Utc>,
}
