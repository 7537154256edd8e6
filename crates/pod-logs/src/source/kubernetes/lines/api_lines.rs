//! The lines of one container's log from the API server.

mod advancing;
mod presenting;
mod receiving;

use std::{io, ops::Range, sync::Arc};

use tokio::{sync::watch, time::Instant};

use super::{api_resumption::ApiResumption, received_copy::ReceivedCopy};
use crate::{
    cost::ReadingCost,
    line::{
        log_line::{LineEnding, LogLine, NextLine},
        log_run::LogRun,
        stream::OutputStream,
        target::{LogName, PodUid},
        time::LineTime,
    },
    source::kubernetes::{
        api::container_runs::{ContainerRun, waiting_reason},
        feed::{
            line_place::{LinePlace, stamp_of},
            line_tracker::LineTracker,
            piece::{FailureKind, FeedEnd},
            piece_channel::PieceReceiver,
        },
    },
};

/// Walks the lines of a log: [`next`](Self::next), then look at [`line`](Self::line).
#[derive(Debug)]
pub(crate) struct ApiLines {
    name: Arc<LogName>,
    follows: bool,
    /// The stream that was asked for alone.
    stream: Option<OutputStream>,
    /// `None` once the reading is closed.
    pieces: Option<PieceReceiver>,
    run: LogRun,
    /// Why the container was not started yet, if it was not; empty if that is not known.
    waits_for: Option<String>,
    /// Lines were lost, or another run has begun.
    has_advanced: bool,
    end: Option<FeedEnd>,
    /// Where the reading ends before the log does.
    until: Option<UntilLine>,
    buffer: Vec<u8>,
    /// When the last of that came.
    came_at: Instant,
    /// Where in the buffer the next line begins, or the rest of one that was given in part.
    next: usize,
    /// Up to where there is no newline behind that, in the buffer.
    searched: usize,
    present: Option<PresentLine>,
    /// The time of the line whose beginning was given.
    begun: Option<LineTime>,
    /// Up to where lines were looked at.
    tracker: LineTracker,
    /// In bytes.
    bytes_read: u64,
    /// What came up to here is not given before its line is finished, in bytes.
    held_until: u64,
    is_cut_off: bool,
    /// The run that begins behind the present line.
    next_run: Option<ContainerRun>,
    /// The first line is this one, unless lines before it are gone.
    expected_first: Option<LinePlace>,
    /// The present line comes behind a gap that was told.
    is_line_due: bool,
    /// A copy of what was received, as long as it is not too long.
    copy: Option<ReceivedCopy>,
    /// The log is one of many: when it fails, that is not the end of the others.
    is_among_many: bool,
    /// Why no more of it comes, among many.
    failure: Option<FailureKind>,
    /// The API server gives no more of it at present, and answers with this status, if at all.
    unreachable: Option<Option<u16>>,
}

/// A line at which a reading ends.
#[derive(Debug, Clone, Copy)]
pub(crate) struct UntilLine {
    pub(crate) place: LinePlace,
    /// The line itself is given.
    pub(crate) is_inclusive: bool,
}

/// Where a reading of lines begins.
#[derive(Debug)]
pub(crate) struct LinesStart {
    pub(crate) tracker: LineTracker,
    /// Bytes that were received already, behind what was tracked.
    pub(crate) received: Vec<u8>,
    pub(crate) restart: u32,
    /// Why the container was not started yet, if it was not; empty if that is not known.
    pub(crate) waits_for: Option<String>,
}

#[derive(Debug)]
struct PresentLine {
    time: LineTime,
    /// In the buffer.
    content: Range<usize>,
    masked: u64,
    is_continuation: bool,
    ending: LineEnding,
}

impl ApiLines {
    /// The lines of a log that is received.
    pub(crate) fn new(
        name: Arc<LogName>,
        pieces: PieceReceiver,
        start: LinesStart,
        follows: bool,
        stream: Option<OutputStream>,
        until: Option<UntilLine>,
    ) -> Self {
        let LinesStart { tracker, received, restart, waits_for } = start;
        Self {
            run: LogRun::new(&name.uid, restart),
            waits_for,
            name,
            follows,
            stream,
            pieces: Some(pieces),
            has_advanced: false,
            end: None,
            until,
            bytes_read: received.len() as u64,
            buffer: received,
            came_at: Instant::now(),
            next: 0,
            searched: 0,
            present: None,
            begun: None,
            tracker,
            held_until: 0,
            is_cut_off: false,
            next_run: None,
            expected_first: None,
            is_line_due: false,
            copy: None,
            is_among_many: false,
            failure: None,
            unreachable: None,
        }
    }

    /// The same as one of many logs, which go on when it fails.
    pub(crate) fn among_many(mut self) -> Self {
        self.is_among_many = true;
        self
    }

    /// Why no more of the log comes, if it is one of many.
    pub(crate) fn failure(&self) -> Option<FailureKind> {
        self.failure
    }

    /// The API server gives no more of it at present; the status with which it answers, if at all.
    pub(crate) fn unreachable(&self) -> Option<Option<u16>> {
        self.unreachable
    }

    /// The same, and keeps a copy of what is received if it is not longer than this, in bytes.
    pub(crate) fn copying(mut self, max: usize) -> Self {
        self.copy = Some(ReceivedCopy::of_at_most(max));
        self
    }

    /// All that was received. `None` if that was too long.
    pub(crate) fn take_copy(&mut self) -> Option<Vec<u8>> {
        self.copy.take().map(ReceivedCopy::into_bytes)
    }

    /// The same, where another first line than this one tells that lines are gone.
    pub(crate) fn beginning_with(mut self, first: Option<LinePlace>) -> Self {
        self.expected_first = first;
        self
    }

    /// Goes to the next line that is not finished, when [`next`](Self::next) is pending.
    pub(crate) fn next_unfinished(&mut self) -> io::Result<NextLine> {
        let is_held = self.bytes_read <= self.held_until && !self.is_cut_off;
        let gives = self.follows && !is_held && self.end.is_none() && self.has_begun_line();
        Ok(if gives && self.present_rest()? { NextLine::Line } else { NextLine::Pending })
    }

    /// The present line; `None` before the first and after the last.
    pub(crate) fn line(&self) -> Option<LogLine<'_>> {
        let line = self.present.as_ref()?;
        Some(LogLine {
            time: line.time,
            stream: self.stream.unwrap_or(OutputStream::Stdout),
            content: &self.buffer[line.content.clone()],
            masked: line.masked,
            is_continuation: line.is_continuation,
            ending: line.ending,
        })
    }

    /// Whether it is known which stream a line is of.
    pub(crate) fn knows_streams(&self) -> bool {
        self.stream.is_some()
    }

    /// Where to go on behind the last line that was looked at. `None` in the middle of a line.
    pub(crate) fn resumption(&self) -> Option<ApiResumption> {
        let is_in_line = self.begun.is_some();
        (!is_in_line)
            .then(|| ApiResumption { restart: self.run.restart, place: self.tracker.behind() })
    }

    /// Up to where lines were looked at.
    pub(crate) fn tracker(&self) -> &LineTracker {
        &self.tracker
    }

    /// How much was looked at, in bytes.
    pub(crate) fn consumed(&self) -> u64 {
        self.bytes_read - self.rest().len() as u64
    }

    /// What came behind the last line.
    fn rest(&self) -> &[u8] {
        &self.buffer[self.next..]
    }

    /// The run of the present line; without one, the run that the reading has come to.
    pub(crate) fn run(&self) -> LogRun {
        self.run
    }

    /// Why the container was not started yet, if it was not.
    pub(crate) fn waits_for(&self) -> Option<&str> {
        self.waits_for.as_deref().map(waiting_reason)
    }

    /// The incarnation of the pod.
    pub(crate) fn uid(&self) -> &PodUid {
        &self.name.uid
    }

    /// Whether the log has ended because the pod was removed.
    pub(crate) fn is_gone(&self) -> bool {
        matches!(self.end, Some(FeedEnd::Gone))
    }

    /// What came up to here is not given before its line is finished.
    pub(crate) fn hold_until(&mut self, end: u64) {
        self.held_until = self.held_until.max(end);
    }

    /// Says that nothing more is read, though the log goes on.
    pub(crate) fn cut_off(&mut self) {
        self.is_cut_off = true;
    }

    /// Lets go of the connection. Nothing more is read.
    pub(crate) fn close(&mut self) {
        self.pieces = None;
        (self.buffer, self.next, self.searched) = (Vec::new(), 0, 0);
        self.present = None;
    }

    /// Wakes when there may be something new.
    pub(crate) fn changes(&self) -> Option<watch::Receiver<u64>> {
        self.pieces.as_ref().map(PieceReceiver::arrivals)
    }

    /// Whether lines were lost, or another run has begun.
    pub(crate) fn has_advanced(&self) -> bool {
        self.has_advanced
    }

    /// How much has been received, in bytes.
    pub(crate) fn bytes_read(&self) -> u64 {
        self.bytes_read
    }

    /// The cost of what has been received and not looked at.
    pub(crate) fn cost_ahead(&self) -> ReadingCost {
        let stored_bytes = (self.buffer.len() - self.next) as u64;
        ReadingCost { stored_bytes, is_compressed: false }
    }

    /// Whether the line is the one at which the reading ends, or comes behind it.
    fn has_reached_until(&self) -> bool {
        self.until.is_some_and(|until| self.tracker.place() == Some(until.place))
    }

    /// Whether something of a line has come, of which not all is given.
    fn has_begun_line(&self) -> bool {
        let rest = self.rest();
        !rest.is_empty() && (self.begun.is_some() || stamp_of(rest).is_some())
    }
}
