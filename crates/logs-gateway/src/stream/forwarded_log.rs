//! A log that a node writes, handed on as it is.

mod record_check;

use std::future::pending;

use bytes::Bytes;
use futures_util::future::{BoxFuture, FutureExt};
use pod_logs::{LogForm, PodRef, ReadCounts, write_end};
use reqwest::Response;
use tokio::{
    sync::watch,
    time::{Instant, sleep_until},
};

use self::record_check::RecordCheck;
use super::{cut::Cut, forced_end::ForcedEnd, token_warning::TokenWarning};
use crate::{auth::TokenEnd, end_reason::EndReason, nodes::NodeHandle};

/// A body up to this size, in bytes, is received before it is handed on, so that its length is known.
const WHOLE_BYTES: u64 = 64 * 1024;

/// The body of a node's answer. Its bytes are not changed; records and events are checked, and are
/// handed on as wholes.
pub(crate) struct ForwardedLog {
    form: LogForm,
    /// `None` after its end.
    body: Option<Response>,
    /// Ends when the node has not been heard of for long.
    lost: BoxFuture<'static, ()>,
    /// What was received and not given out yet.
    chunk: Bytes,
    /// `None` where bytes are not looked at.
    check: Option<RecordCheck>,
    warning: TokenWarning,
    counts: ReadCounts,
    end: Option<EndReason>,
    /// The body says why it ends.
    is_end_told: bool,
}

impl ForwardedLog {
    /// The body of an answer about this pod.
    ///
    /// # Errors
    /// When a short body cannot be received.
    pub(crate) async fn open(
        node: NodeHandle,
        body: Response,
        form: LogForm,
        pod: &PodRef,
    ) -> Result<Self, EndReason> {
        let is_short = body.content_length().is_some_and(|length| length <= WHOLE_BYTES);
        let check = form.has_words().then(|| RecordCheck::new(form, pod.clone()));
        let mut log = Self {
            form,
            body: Some(body),
            lost: async move { node.lost().await }.boxed(),
            chunk: Bytes::new(),
            check,
            warning: TokenWarning::default(),
            counts: ReadCounts::default(),
            end: None,
            is_end_told: false,
        };
        if is_short {
            log.receive_whole().await?;
        }
        Ok(log)
    }

    async fn receive_whole(&mut self) -> Result<(), EndReason> {
        let mut whole = Vec::new();
        while self.end.is_none() {
            whole.extend_from_slice(&self.receive().await);
        }
        self.chunk = whole.into();
        match self.end {
            Some(end) if !end.is_clean() && !self.form.has_words() => Err(end),
            _ => Ok(()),
        }
    }

    pub(super) fn form(&self) -> LogForm {
        self.form
    }

    /// Warns that the token ends, if the form has words for it.
    pub(super) fn warn_of(&mut self, end: watch::Receiver<TokenEnd>) {
        if self.form == LogForm::Events {
            self.warning = TokenWarning::of(end);
        }
    }

    /// How the body ends if it is ended from outside.
    pub(super) fn early_end(&self) -> ForcedEnd {
        ForcedEnd { form: self.form, token_end: self.warning.token_end() }
    }

    /// How many bytes were received.
    pub(super) fn counts(&self) -> ReadCounts {
        self.counts
    }

    /// How the log ended, after its last chunk.
    pub(super) fn end_reason(&self) -> Option<EndReason> {
        self.end
    }

    /// All of the log, if that has been received already.
    pub(super) fn take_whole(&mut self) -> Option<Vec<u8>> {
        let is_whole = self.end.is_some_and(EndReason::is_clean);
        let is_told = self.is_end_told || !self.form.has_words();
        (is_whole && is_told).then(|| std::mem::take(&mut self.chunk).into())
    }

    /// The next bytes; `None` at the end.
    pub(super) async fn next(&mut self) -> Result<Option<Bytes>, Cut> {
        loop {
            if self.warning.due().is_some_and(|due| due <= Instant::now()) {
                let mut warning = Vec::new();
                self.warning.write(&mut warning);
                return Ok(Some(warning.into()));
            }
            if !self.chunk.is_empty() {
                return Ok(Some(std::mem::take(&mut self.chunk)));
            }
            if let Some(end) = self.end {
                return self.finish(end);
            }
            self.chunk = self.receive_or_warn().await;
        }
    }

    /// Says why the body ends, unless it says that itself.
    fn finish(&mut self, end: EndReason) -> Result<Option<Bytes>, Cut> {
        if self.form.has_words() {
            if std::mem::replace(&mut self.is_end_told, true) {
                return Ok(None);
            }
            let mut last = Vec::new();
            write_end(self.form, end, &mut last);
            return Ok(Some(last.into()));
        }
        if end.is_clean() { Ok(None) } else { Err(Cut::Early(end)) }
    }

    async fn receive_or_warn(&mut self) -> Bytes {
        let mut warning = std::mem::take(&mut self.warning);
        let due = warning.due();
        let is_due = async {
            match due {
                Some(due) => sleep_until(due).await,
                None => pending().await,
            }
        };
        let received = tokio::select! {
            biased;
            () = is_due => Bytes::new(),
            () = warning.token_end_moved() => Bytes::new(),
            received = self.receive() => received,
        };
        self.warning = warning;
        received
    }

    /// Receives a part of the body, or notes its end.
    async fn receive(&mut self) -> Bytes {
        let Some(body) = &mut self.body else {
            self.end.get_or_insert(EndReason::Source);
            return Bytes::new();
        };
        let received = tokio::select! {
            biased;
            received = body.chunk() => received,
            () = &mut self.lost => {
                tracing::warn!("a node is not heard of any more; what it was asked for is cut off");
                self.end_with(EndReason::Source);
                return Bytes::new();
            }
        };
        match received {
            Ok(Some(bytes)) => self.take(bytes),
            Ok(None) => {
                // A body that has words for its end was to say why.
                let reason =
                    if self.check.is_some() { EndReason::Source } else { EndReason::Complete };
                self.end_with(reason);
                Bytes::new()
            }
            Err(error) => {
                tracing::warn!(error = %error.without_url(), "the answer of a node broke off");
                self.end_with(EndReason::Source);
                Bytes::new()
            }
        }
    }

    fn take(&mut self, bytes: Bytes) -> Bytes {
        let Some(check) = &mut self.check else {
            self.counts.bytes += bytes.len() as u64;
            return bytes;
        };
        let checked = check.take(&bytes);
        self.counts.bytes += checked.bytes.len() as u64;
        self.counts.lines += checked.lines;
        if checked.is_wrong {
            tracing::error!("a node's answer is wrong; it is cut off");
            self.end_with(EndReason::Source);
        } else if let Some(reason) = checked.end {
            self.is_end_told = true;
            self.end_with(reason.parse().unwrap_or(EndReason::Source));
        }
        checked.bytes
    }

    fn end_with(&mut self, reason: EndReason) {
        self.body = None;
        self.end.get_or_insert(reason);
    }
}
