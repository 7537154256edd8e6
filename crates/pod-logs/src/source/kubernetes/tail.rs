//! Where the last lines of a log begin.
//!
//! The API server counts physical lines of its file, of which a long line takes several, and knows
//! no filters. So a log, or an end of it, is received and its lines are counted. If it is short, what
//! was received is read again from memory.

use std::{io, sync::Arc};

use super::{
    api::container_runs::ContainerRun,
    container_log::ContainerLog,
    feed::{
        line_place::LinePlace,
        line_tracker::LineTracker,
        log_feed::{ConnectionError, FeedOptions, FeedStart, LogFeed},
        piece_channel::PieceReceiver,
    },
    lines::{
        api_lines::{ApiLines, LinesStart, UntilLine},
        api_log::ApiLog,
    },
};
use crate::{
    line::{
        filter::{LineFilter, judgement::JudgedLines, levels_before::LevelsBefore},
        log_line::{LineCount, LineEnding, NextLine, UnfinishedLine},
    },
    query::LogQuery,
};

/// How much is read again from memory, in bytes: of one log, and of one among many.
const MAX_COPY: [usize; 2] = [256 * 1024, 32 * 1024];
/// How often an end of the log is asked for, each four times as long, before all of it is.
const ATTEMPTS: u32 = 3;

/// Why the end of a log cannot be found.
#[derive(Debug, thiserror::Error)]
pub(super) enum TailError {
    #[error(transparent)]
    Connection(#[from] ConnectionError),
    #[error(transparent)]
    Read(#[from] io::Error),
    /// The line at which the reading ends is gone.
    #[error("the line is gone")]
    NoEnd,
}

/// An end of a log, counted.
struct CountedEnd {
    /// Behind the first line.
    first: Option<LinePlace>,
    /// How long that is, with its newline, in bytes.
    first_length: usize,
    passes_first: bool,
    lines: u64,
    count: LineCount,
    copy: Option<Vec<u8>>,
    /// Up to where the lines were received.
    tracker: LineTracker,
    has_end: bool,
}

/// Begins the log of a container where the last lines that the query asks for begin.
pub(super) async fn begin_at_tail(
    log: &ContainerLog,
    run: &ContainerRun,
    query: &LogQuery,
    until: Option<UntilLine>,
) -> Result<ApiLog, TailError> {
    let options = log.options(query);
    let wanted = query.tail.filter(|_| until.is_none() && query.filter.passes_everything());
    let mut lengths = wanted.into_iter().flat_map(|wanted| {
        (0..ATTEMPTS)
            .map(move |attempt| wanted.saturating_add(1).saturating_mul(4_u64.pow(attempt)))
    });
    let mut last = None;
    loop {
        let tail_lines = lengths.next();
        let options =
            FeedOptions { follow: false, spans_runs: false, tail_lines, ..options.clone() };
        let end = count(log, run, options, &query.filter, until).await?;
        if !end.has_end && until.is_some() {
            return Err(TailError::NoEnd);
        }
        // There are no more lines than these.
        let is_whole = tail_lines.is_none() || last == Some((end.lines, end.first));
        if is_whole || wanted.is_some_and(|wanted| end.lines > wanted) {
            return begin(log, run, query, until, end, !is_whole).await;
        }
        last = Some((end.lines, end.first));
    }
}

async fn begin(
    log: &ContainerLog,
    run: &ContainerRun,
    query: &LogQuery,
    until: Option<UntilLine>,
    end: CountedEnd,
    is_cut: bool,
) -> Result<ApiLog, TailError> {
    let CountedEnd { first, first_length, passes_first, mut count, copy, tracker, .. } = end;
    let mut start = LineTracker::new(run.id, None);
    let (mut skipped, mut expected) = (0, first);
    if is_cut {
        // The first line may be the end of one.
        start = LineTracker::new(run.id, first);
        count.finished -= u64::from(passes_first);
        (skipped, expected) = (first_length, None);
    }
    if !query.follow {
        count.finished += count.unfinished.drain(..).count() as u64;
    }
    let options = log.options(query);
    let is_received = copy.is_some();
    let (begin, received) = match copy {
        Some(mut copy) => {
            copy.drain(..skipped);
            (tracker, copy)
        }
        None => (start.clone(), Vec::new()),
    };
    let pieces = if is_received && !query.follow {
        PieceReceiver::ended()
    } else {
        let begin = FeedStart { tracker: begin, ..log.start.clone() };
        let (feed, pieces) = LogFeed::new(log.server.clone(), log.name.clone(), options, &begin);
        let connection = feed.connect(begin.is_previous).await?;
        feed.start(Some(connection), false);
        pieces
    };
    let (name, restart) = (Arc::new(log.name.clone()), run.restart);
    let start = LinesStart { tracker: start, received, restart, waits_for: None };
    let stream = query.filter.stream;
    let lines = ApiLines::new(name.clone(), pieces, start, query.follow, stream, until);
    let lines = log.among_many(lines.beginning_with(expected));
    Ok(ApiLog { name, lines, count, levels: LevelsBefore::default() })
}

/// Receives an end of the log and counts its lines, up to the one at which the reading ends.
async fn count(
    log: &ContainerLog,
    run: &ContainerRun,
    options: FeedOptions,
    filter: &LineFilter,
    until: Option<UntilLine>,
) -> Result<CountedEnd, TailError> {
    let (feed, pieces) = LogFeed::new(log.server.clone(), log.name.clone(), options, &log.start);
    let connection = feed.connect(log.start.is_previous).await?;
    feed.start(Some(connection), false);
    let tracker = LineTracker::new(run.id, None);
    let (received, restart) = (Vec::new(), run.restart);
    let start = LinesStart { tracker, received, restart, waits_for: None };
    let name = Arc::new(log.name.clone());
    let lines = ApiLines::new(name, pieces, start, false, filter.stream, until);
    let lines = lines.copying(MAX_COPY[usize::from(log.group.is_some())]);
    let mut counting = Counting::new(lines);
    loop {
        let arrivals = counting.lines.changes();
        match counting.lines.next()? {
            NextLine::Line => counting.take(filter)?,
            NextLine::Gap(_) => {}
            NextLine::Pending | NextLine::Awaited => {
                if let Some(mut arrivals) = arrivals {
                    // Without a sender there is nothing to wait for.
                    let _ = arrivals.changed().await;
                }
            }
            NextLine::End => return Ok(counting.end(until)),
        }
        if counting.lines_since_pause > 1000 {
            counting.lines_since_pause = 0;
            tokio::task::yield_now().await;
        }
    }
}

/// Counts lines that pass.
struct Counting {
    lines: ApiLines,
    judged: JudgedLines,
    first: Option<(LinePlace, usize)>,
    passes_first: bool,
    total: u64,
    passing: u64,
    unfinished: Vec<UnfinishedLine>,
    lines_since_pause: u32,
}

impl Counting {
    fn new(lines: ApiLines) -> Self {
        Self {
            lines,
            judged: JudgedLines::after(LevelsBefore::default()),
            first: None,
            passes_first: false,
            total: 0,
            passing: 0,
            unfinished: Vec::new(),
            lines_since_pause: 0,
        }
    }

    fn take(&mut self, filter: &LineFilter) -> io::Result<()> {
        self.lines_since_pause += 1;
        let consumed = self.lines.consumed();
        let Some(line) = self.lines.line() else { return Ok(()) };
        let passes = filter.judge(&line, &mut self.judged)?;
        let (is_beginning, is_finished) =
            (!line.is_continuation, line.ending != LineEnding::Unfinished);
        if !is_finished && passes {
            self.unfinished.push(UnfinishedLine { time: line.time, end: consumed });
        } else {
            self.passing += u64::from(passes && is_beginning);
        }
        self.total += u64::from(is_beginning);
        if self.first.is_none() && line.ending == LineEnding::Newline {
            self.passes_first = passes;
            let length = usize::try_from(consumed).unwrap_or(usize::MAX);
            self.first = self.lines.tracker().place().map(|place| (place, length));
        }
        Ok(())
    }

    fn end(mut self, until: Option<UntilLine>) -> CountedEnd {
        let tracker = self.lines.tracker().clone();
        let place = tracker.place();
        let (first, first_length) = self.first.unzip();
        CountedEnd {
            first,
            first_length: first_length.unwrap_or(0),
            passes_first: self.passes_first,
            lines: self.total,
            count: LineCount { finished: self.passing, unfinished: self.unfinished },
            copy: self.lines.take_copy(),
            tracker,
            has_end: until.is_some_and(|until| place == Some(until.place)),
        }
    }
}
