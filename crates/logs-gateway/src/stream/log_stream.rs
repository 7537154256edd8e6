//! A log as it is sent over time: chunk by chunk, waiting while the log does not grow, until it
//! ends.

#[cfg(test)]
mod progress_tests;
mod reading_ahead;
mod telling;
mod waiting;

use std::{io, time::Duration};

use bytes::Bytes;
use pod_logs::{LogEnd, LogForm, LogReading, Progress, ReadCounts, ReadingCost, write_end};
use tokio::{sync::watch, time::Instant};

use self::waiting::WaitEnd;
use super::{
    chunk_read::{
        ChunkRead, ReadAhead, append_progress, first_chunk, read_chunk, read_rest, read_unfinished,
    },
    cut::Cut,
    forced_end::ForcedEnd,
    token_warning::TokenWarning,
};
use crate::{
    auth::{Caller, TokenEnd},
    end_reason::EndReason,
    scans::{ScanError, UserScans},
};

/// How often a stream of records tells how far it has come while there is much to read.
const PROGRESS: Duration = Duration::from_secs(1);
/// Longer than any stream lasts.
const FAR_AWAY: Duration = Duration::from_secs(365 * 24 * 3600);
/// How often logs that are merged are looked at, however often they grow.
const MERGE_LOOK: Duration = Duration::from_millis(100);

/// A log whose beginning has been read, so that most errors have shown by now.
pub(crate) struct LogStream {
    scans: UserScans,
    form: LogForm,
    /// `None` while it is read ahead, and after the end.
    source: Option<LogReading>,
    /// What is read while the chunk before is given out.
    ahead: Option<ReadAhead>,
    /// What was written and not given out yet.
    chunk: Vec<u8>,
    progress: Progress,
    /// How much was read up to there.
    counts: ReadCounts,
    /// Tell when the logs may have grown.
    changes: Vec<watch::Receiver<u64>>,
    /// How often logs had come and gone when these were asked for.
    membership: u64,
    /// Containers may appear whose logs belong to the stream.
    is_joined: bool,
    /// Of merged logs: before then they are not looked at again.
    next_look: Option<Instant>,
    /// Lines wait for lines of other logs, and are due then.
    holds_lines: bool,
    /// A front waits to be told up to when everything was given.
    tells_watermarks: bool,
    /// Who reads logs of many pods, as the authority described the caller last.
    caller: Option<watch::Receiver<Caller>>,
    warning: TokenWarning,
    /// From then on nothing more is chosen that may still be written.
    complete_at: Option<Instant>,
    /// When something was last given out.
    last_given: Instant,
    /// When it was last told how far the reading has come.
    last_progress: Instant,
    /// What is not finished was given out, and nothing came since.
    is_flushed: bool,
    /// The end was given out.
    is_ended: bool,
}

impl LogStream {
    /// Makes a source, where that takes no request's time, and reads its beginning.
    ///
    /// # Errors
    /// When that fails, or when the user has to wait too long for it.
    pub(crate) async fn open(
        cost: ReadingCost,
        scans: UserScans,
        make: impl FnOnce() -> io::Result<LogReading> + Send + 'static,
    ) -> Result<Self, ScanError> {
        let begin = move || {
            let mut source = make()?;
            let mut chunk = first_chunk(cost);
            let progress = source.write_chunk(&mut chunk)?;
            io::Result::Ok((source, chunk, progress))
        };
        let (source, chunk, progress) = scans.request_costing(cost, begin).await??;
        Ok(Self {
            scans,
            form: source.form(),
            counts: source.counts(),
            changes: source.changes(),
            membership: source.membership(),
            is_joined: source.is_joined(),
            next_look: None,
            holds_lines: source.holds_lines(),
            tells_watermarks: source.tells_watermarks(),
            caller: None,
            ahead: None,
            source: Some(source),
            chunk,
            progress,
            warning: TokenWarning::default(),
            complete_at: None,
            last_given: Instant::now(),
            last_progress: Instant::now(),
            is_flushed: false,
            is_ended: false,
        })
    }

    /// Warns that the token ends, if the form has words for it.
    pub(super) fn warn_of(&mut self, end: watch::Receiver<TokenEnd>) {
        if self.form == LogForm::Events {
            self.warning = TokenWarning::of(end);
        }
    }

    /// Leaves out what the caller may not read any more, as the authority describes the caller.
    pub(super) fn restrict_to(&mut self, caller: watch::Receiver<Caller>) {
        self.caller = Some(caller);
    }

    /// Ends a log that is followed in `left`, once it has caught up.
    pub(super) fn complete_in(&mut self, left: Option<Duration>) {
        self.complete_at = left.map(|left| Instant::now() + left.min(FAR_AWAY));
    }

    /// How the stream ends if it is ended from outside.
    pub(super) fn early_end(&self) -> ForcedEnd {
        ForcedEnd { form: self.form, token_end: self.warning.token_end() }
    }

    /// How much of the log there was up to the chunk that was given out last.
    pub(super) fn counts(&self) -> ReadCounts {
        self.counts
    }

    /// How the log ended, after its last chunk.
    pub(super) fn end_reason(&self) -> Option<EndReason> {
        match self.progress {
            Progress::Done(end) => Some(end.into()),
            Progress::More | Progress::CaughtUp => None,
        }
    }

    /// Whether everything that is there was given out.
    pub(super) fn is_caught_up(&self) -> bool {
        self.progress == Progress::CaughtUp && self.chunk.is_empty()
    }

    /// All of the log, if that has been read already.
    pub(super) fn take_whole(&mut self) -> Option<Vec<u8>> {
        let Progress::Done(end) = self.progress else {
            return None;
        };
        if !end.is_clean() {
            return None;
        }
        let mut chunk = std::mem::take(&mut self.chunk);
        write_end(self.form, EndReason::from(end), &mut chunk);
        Some(chunk)
    }

    /// The next bytes; `None` at the end.
    pub(super) async fn next(&mut self) -> Result<Option<Bytes>, Cut> {
        loop {
            if self.chunk.is_empty() && self.warning.due().is_some_and(|due| due <= Instant::now())
            {
                self.warning.write(&mut self.chunk);
            }
            match self.progress {
                Progress::Done(end) => return self.end(end),
                Progress::CaughtUp if self.chunk.is_empty() => match self.wait().await {
                    WaitEnd::Changed | WaitEnd::Look | WaitEnd::TokenEnd => {}
                    WaitEnd::Quiet => self.flush(read_unfinished).await?,
                    WaitEnd::Watermark => {
                        self.read().await?;
                        if let Some(watermark) = self.watermark() {
                            // It is no news of the log.
                            return Ok(Some(watermark));
                        }
                    }
                    WaitEnd::Heartbeat => self.write_heartbeat(),
                    WaitEnd::Warning => self.warning.write(&mut self.chunk),
                    WaitEnd::Complete => {
                        self.flush(read_rest).await?;
                        if self.progress == Progress::CaughtUp {
                            self.progress = Progress::Done(LogEnd::Complete);
                        }
                        continue;
                    }
                },
                Progress::More | Progress::CaughtUp => {}
            }
            if self.chunk.is_empty() {
                self.read().await?;
            }
            if !self.chunk.is_empty() {
                self.last_given = Instant::now();
                return Ok(Some(std::mem::take(&mut self.chunk).into()));
            }
        }
    }

    /// Gives out what is left, and the reason, and then cuts the body off if there is no other way
    /// to say that it is not the whole.
    fn end(&mut self, end: LogEnd) -> Result<Option<Bytes>, Cut> {
        if !self.is_ended {
            self.is_ended = true;
            self.ahead = None;
            self.source = None;
            write_end(self.form, EndReason::from(end), &mut self.chunk);
            if !self.chunk.is_empty() {
                return Ok(Some(std::mem::take(&mut self.chunk).into()));
            }
        }
        if end.is_clean() || self.form.has_words() { Ok(None) } else { Err(Cut::Early(end.into())) }
    }

    /// Reads on, where that takes no request's time.
    async fn read(&mut self) -> Result<(), Cut> {
        self.apply_permissions();
        let read = match (self.ahead.take(), self.source.take()) {
            (Some(mut ahead), _) => (&mut ahead.read)
                .await
                .map_err(|error| ScanError::Io(io::Error::other(error)))??,
            (None, Some(source)) => {
                let cost = source.cost_ahead();
                self.scans.read_on(cost, || read_chunk(source)).await?
            }
            (None, None) => return Ok(()),
        };
        self.take(read);
        self.read_ahead();
        Ok(())
    }

    /// Gives out what is not finished: nothing came for a while.
    async fn flush(&mut self, read: fn(LogReading) -> ChunkRead) -> Result<(), Cut> {
        self.is_flushed = true;
        if let Some(source) = self.source.take() {
            let cost = source.cost_ahead();
            let read = self.scans.read_on(cost, move || read(source)).await?;
            self.take(read);
            self.is_flushed = true;
        }
        Ok(())
    }

    /// Leaves out what the caller may not read any more.
    fn apply_permissions(&mut self) {
        if let (Some(caller), Some(source)) = (&mut self.caller, &mut self.source)
            && caller.has_changed().is_ok_and(|has_changed| has_changed)
        {
            source.restrict(&caller.borrow_and_update().readable_pods());
        }
    }

    fn take(&mut self, (source, chunk, progress): ChunkRead) {
        self.is_flushed &= chunk.is_empty();
        self.chunk = chunk;
        if matches!(progress, Ok(Progress::More)) && self.last_progress.elapsed() >= PROGRESS {
            self.last_progress = Instant::now();
            append_progress(&source, &mut self.chunk);
        }
        self.counts = source.counts();
        self.progress = progress.unwrap_or_else(|error| {
            tracing::error!(%error, "reading a log failed; its answer ends early");
            Progress::Done(LogEnd::Source)
        });
        if source.membership() != self.membership {
            self.membership = source.membership();
            self.changes = source.changes();
        }
        self.is_joined = source.is_joined();
        self.holds_lines = source.holds_lines();
        // What is on its way is taken when it comes.
        let may_rest = source.log_count() > 1 && !source.awaits_lines();
        self.next_look = may_rest.then(|| Instant::now() + MERGE_LOOK);
        self.source = Some(source);
    }
}
