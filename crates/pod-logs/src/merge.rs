//! The chosen lines of one or several logs, in the order of their times.

use std::{io, iter, sync::Arc};

use chrono::{DateTime, Utc};
use tokio::sync::watch;

use super::{
    file::{Chain, LogFile, Mark, ReadingCost},
    files::{Appeared, FollowedLog, NewContainers, Next},
    format::{LineTime, Stream},
    logical::{Ending, LogicalLine, LogicalLines, Resumption, UnfinishedLine},
    physical::Advance,
    query::{LineFilter, LogQuery},
    span, tail,
    target::ContainerName,
};

/// A log to choose lines from.
#[derive(Debug)]
pub struct LogInput {
    /// The container that wrote it.
    pub container: ContainerName,
    pub(crate) chain: Chain,
    /// What tells in which files the log goes on, if it is followed.
    pub(crate) following: Option<Following>,
    /// Lines up to here have been seen already.
    pub(crate) seen: Option<Seen>,
}

/// The last line that a reader saw.
#[derive(Debug)]
pub(crate) struct Seen {
    pub(crate) file: Arc<LogFile>,
    pub(crate) mark: Mark,
}

#[derive(Debug)]
pub(crate) struct Following {
    pub(crate) log: Arc<FollowedLog>,
    /// Goes on when the container is started again.
    pub(crate) through_runs: bool,
}

impl Following {
    /// What it takes to read the file that the log goes on in after this one, if there is one by
    /// now.
    pub(crate) fn cost_after(&self, file: &Arc<LogFile>) -> ReadingCost {
        match self.log.next_after(file) {
            Next::File(next) | Next::AfterGap(next) => next.cost(),
            Next::Wait | Next::Ended => ReadingCost::default(),
        }
    }

    /// Reports changes. The first report comes at once: the log may have changed since it was read.
    pub(crate) fn changes(&self) -> watch::Receiver<u64> {
        let mut changes = self.log.subscribe();
        changes.mark_changed();
        changes
    }

    /// Whether the log goes on in, or after, the last of these files.
    pub(crate) fn concerns(&self, files: &[Arc<LogFile>]) -> bool {
        let followed = self.log.run();
        files.last().is_some_and(|file| self.through_runs || file.run == followed)
    }
}

/// Walks what a query chooses from several logs: [`advance`](Self::advance), then look at
/// [`line`](Self::line). The lines of one log stay in their order; between logs the earlier line
/// comes first, and of two at the same time that of the log named first. A log in which nothing
/// happens holds up no other.
#[derive(Debug)]
pub struct ChosenLines {
    logs: Vec<ChosenLog>,
    filter: LineFilter,
    /// How many lines are still too many for the tail.
    skip: u64,
    /// The first line to come is the first of a whole tail: nothing was lost of the tail before it.
    begins_whole: bool,
    /// Lines that were skipped as far as they came: their next parts are skipped as well.
    skipped: Vec<(usize, Stream)>,
    /// Which log the present line is in; `None` before the first and after the last.
    present: Option<usize>,
    /// Finds containers that appear, when all of a pod's containers are followed.
    new_containers: Option<NewContainers>,
}

/// What is next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Step {
    Line,
    /// Lines were lost here.
    Gap(Gap),
    /// Nothing yet.
    Pending,
    /// Nothing ever.
    End,
}

/// Lines that were lost.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Gap {
    /// The time of the line before, if there was one.
    pub(crate) from: Option<LineTime>,
    /// The time of the line after, if there was one.
    pub(crate) to: Option<LineTime>,
    /// How much is known to be lost, in bytes of the files' content.
    pub(crate) bytes: Option<u64>,
}

#[derive(Debug)]
struct ChosenLog {
    container: ContainerName,
    lines: LogicalLines,
    state: LogState,
    following: Option<Following>,
    /// Lines up to here have been seen already.
    seen: Option<Seen>,
    /// The reading has come to the file of that place.
    is_in_seen_file: bool,
    /// It goes on in a file that came after those it began with.
    has_gone_on: bool,
    /// Lines were lost before the next one.
    gap: Option<LostBefore>,
    /// The time of the last line that was given out.
    last_time: Option<LineTime>,
    /// The time of the last line, if the filter refused it.
    refused: Option<LineTime>,
    /// Where to go on if the next line, which has been looked at, is not given out.
    before_next: Option<Resumption>,
}

#[derive(Debug, Clone, Copy)]
struct LostBefore {
    from: Option<LineTime>,
    bytes: Option<u64>,
}

/// What is known of a log's next line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum LogState {
    /// Nothing: it was not looked for.
    Unknown,
    /// There is one. Its time counts only between several logs.
    Line(Option<DateTime<Utc>>),
    Pending,
    End,
}

impl ChosenLines {
    /// Ready to walk: the files were read as far as is needed to find where the walk begins.
    pub fn new(mut inputs: Vec<LogInput>, query: &LogQuery) -> io::Result<Self> {
        let Shortened { skip, begins_whole, old_unfinished } = match query.tail {
            Some(wanted) => shorten(&mut inputs, &query.filter, wanted)?,
            None => Shortened::default(),
        };
        let open = |input| ChosenLog::new(input, &query.filter);
        let mut logs = inputs.into_iter().map(open).collect::<io::Result<Vec<_>>>()?;
        for (log, line) in old_unfinished {
            logs[log].lines.hold_until(line.end);
        }
        Ok(Self {
            logs,
            filter: query.filter,
            skip,
            begins_whole,
            skipped: Vec::new(),
            present: None,
            new_containers: None,
        })
    }

    /// Takes in the logs of containers that appear from now on.
    pub fn joined_by(mut self, new_containers: Option<NewContainers>) -> Self {
        self.new_containers = new_containers;
        self
    }

    /// Goes to the next line.
    pub(crate) fn advance(&mut self) -> io::Result<Step> {
        self.advance_with(ChosenLog::find_next)
    }

    /// Goes to the next line, and takes for one what is not finished: nothing came for a while.
    pub(crate) fn advance_impatiently(&mut self) -> io::Result<Step> {
        self.advance_with(ChosenLog::find_next_impatiently)
    }

    /// Appends the text of lines that come next, newlines included, up to about so many bytes; maybe
    /// none. There is no present line then.
    pub(crate) fn strip(&mut self, max_bytes: usize, out: &mut Vec<u8>) {
        if let [log] = &mut self.logs[..]
            // What was found has been given out.
            && self.present.is_some()
            && self.skip == 0
            && self.filter.has_no_times()
            && log.seen.is_none()
        {
            log.lines.strip(max_bytes, out);
        }
    }

    pub(crate) fn line(&self) -> Option<LogicalLine<'_>> {
        self.logs[self.present?].lines.line()
    }

    /// Which of the logs the present line is from.
    pub(crate) fn log(&self) -> Option<usize> {
        self.present
    }

    /// The container that wrote the present line.
    pub(crate) fn container(&self) -> Option<&ContainerName> {
        Some(&self.logs[self.present?].container)
    }

    /// Where the log of each container can be taken up again behind the present line, the container
    /// of that line first. `None` if that cannot be said.
    pub(crate) fn resumptions<'a>(&'a self) -> Option<Vec<(&'a ContainerName, Resumption)>> {
        let resumption = |log: &ChosenLog| match &log.before_next {
            Some(before) => Some(before.clone()),
            None => log.lines.resumption(),
        };
        let of_log = |log: &'a ChosenLog| Some((&log.container, resumption(log)?));
        let mut logs = self.logs.iter().map(of_log).collect::<Option<Vec<_>>>()?;
        logs.swap(0, self.present.unwrap_or(0));
        Some(logs)
    }

    /// The changes of each log that is followed.
    pub fn changes(&self) -> Vec<watch::Receiver<u64>> {
        self.logs.iter().filter_map(|log| log.following.as_ref()).map(Following::changes).collect()
    }

    /// How many logs there are. It grows when containers appear.
    pub fn log_count(&self) -> usize {
        self.logs.len()
    }

    /// Whether logs of containers that appear are taken in.
    pub fn is_joined(&self) -> bool {
        self.new_containers.is_some()
    }

    /// How much has been read from the files, in bytes of their content.
    pub(crate) fn bytes_read(&self) -> u64 {
        self.logs.iter().map(|log| log.lines.physical().bytes_read()).sum()
    }

    /// What it takes to read the rest, as far as it is there.
    pub(crate) fn cost_ahead(&self) -> ReadingCost {
        self.logs.iter().map(ChosenLog::cost_ahead).sum()
    }

    fn advance_with(
        &mut self,
        find_next: fn(&mut ChosenLog, &LineFilter, bool) -> io::Result<LogState>,
    ) -> io::Result<Step> {
        loop {
            let step = match &mut self.logs[..] {
                // Most readings are of one log, and its lines are many.
                [log] => {
                    if self.present.take().is_some() || !matches!(log.state, LogState::Line(_)) {
                        log.state = find_next(log, &self.filter, false)?;
                    }
                    match log.state {
                        LogState::Line(_) | LogState::End => self.give_out(0),
                        LogState::Unknown | LogState::Pending => Step::Pending,
                    }
                }
                _ => self.advance_earliest(find_next)?,
            };
            if let Step::Gap(gap) = step
                && (gap.bytes.is_some() || self.logs.iter().any(|log| log.has_gone_on))
            {
                // A file was let go: how many lines of the tail are left is not known.
                (self.skip, self.begins_whole) = (0, false);
            }
            match step {
                Step::Line if self.skips_line() => {}
                Step::Gap(_) if self.begins_whole => {}
                Step::Pending | Step::End if self.new_containers.is_some() => {
                    if let Some(step) = self.take_new_containers(step)? {
                        return Ok(step);
                    }
                }
                step => {
                    self.begins_whole &= step != Step::Line;
                    return Ok(step);
                }
            }
        }
    }

    /// Whether the present line comes before the tail.
    fn skips_line(&mut self) -> bool {
        if self.skip == 0 && self.skipped.is_empty() {
            return false;
        }
        let (Some(log), Some(line)) = (self.present, self.line()) else {
            return false;
        };
        let LogicalLine { stream, is_continuation, ending, .. } = line;
        let open = self.skipped.iter().position(|skipped| *skipped == (log, stream));
        let is_skipped = if is_continuation { open.is_some() } else { self.skip > 0 };
        if let Some(open) = open {
            self.skipped.swap_remove(open);
        }
        if is_skipped {
            self.skip -= u64::from(!is_continuation);
            self.skipped.extend((ending != Ending::Newline).then_some((log, stream)));
        }
        is_skipped
    }

    /// What comes of `step` now that there is nothing to read: `None` if new logs joined.
    fn take_new_containers(&mut self, step: Step) -> io::Result<Option<Step>> {
        let Some(new_containers) = &mut self.new_containers else {
            return Ok(Some(step));
        };
        match new_containers.take() {
            Appeared::PodGone => {
                self.new_containers = None;
                Ok(Some(step))
            }
            Appeared::Logs(inputs) if inputs.is_empty() => Ok(Some(Step::Pending)),
            Appeared::Logs(inputs) => {
                for input in inputs {
                    self.logs.push(ChosenLog::new(input, &self.filter)?);
                }
                Ok(None)
            }
        }
    }

    /// Looks for the next line of each log, and takes the earliest of those there are.
    fn advance_earliest(
        &mut self,
        find_next: fn(&mut ChosenLog, &LineFilter, bool) -> io::Result<LogState>,
    ) -> io::Result<Step> {
        if let Some(last) = self.present.take() {
            self.logs[last].state = LogState::Unknown;
        }
        for log in &mut self.logs {
            if matches!(log.state, LogState::Unknown | LogState::Pending) {
                log.before_next = log.lines.resumption();
                log.state = find_next(log, &self.filter, true)?;
            }
        }
        let lines = self.logs.iter().enumerate().filter_map(|(index, log)| match log.state {
            LogState::Line(time) => Some((time, index)),
            _ => None,
        });
        let lost_its_end = |log: &ChosenLog| log.state == LogState::End && log.gap.is_some();
        let earliest = lines.min().map(|(_, index)| index);
        Ok(match earliest.or_else(|| self.logs.iter().position(lost_its_end)) {
            Some(index) => self.give_out(index),
            None if self.logs.iter().any(|log| log.state == LogState::Pending) => Step::Pending,
            None => Step::End,
        })
    }

    /// Presents the line that the log has, or that it has ended; or first the gap before that.
    fn give_out(&mut self, index: usize) -> Step {
        let log = &mut self.logs[index];
        let time = log.lines.line().map(|line| line.time);
        if let Some(LostBefore { from, bytes }) = log.gap.take() {
            return Step::Gap(Gap { from, to: time, bytes });
        }
        if log.state == LogState::End {
            return Step::End;
        }
        log.last_time = time;
        log.before_next = None;
        self.present = Some(index);
        Step::Line
    }
}

impl ChosenLog {
    fn new(input: LogInput, filter: &LineFilter) -> io::Result<Self> {
        let mut lines = LogicalLines::new(&input.chain, filter.stream)?;
        lines.physical_mut().expect_more(input.following.is_some());
        Ok(Self {
            container: input.container,
            lines,
            state: LogState::Unknown,
            following: input.following,
            is_in_seen_file: input.seen.as_ref().is_some_and(|seen| {
                input.chain.files.first().is_some_and(|first| Arc::ptr_eq(first, &seen.file))
            }),
            seen: input.seen,
            has_gone_on: false,
            gap: None,
            last_time: None,
            refused: None,
            before_next: None,
        })
    }

    fn cost_ahead(&self) -> ReadingCost {
        let physical = self.lines.physical();
        let known = iter::once(physical.cost_ahead());
        let following = self.following.iter().zip(physical.last_file());
        known.chain(following.map(|(following, last)| following.cost_after(last))).sum()
    }

    /// Goes to the next line that passes the filter.
    fn find_next(&mut self, filter: &LineFilter, several: bool) -> io::Result<LogState> {
        loop {
            match self.lines.advance()? {
                Advance::Line => {}
                Advance::End => return Ok(LogState::End),
                Advance::Lost => {
                    self.note_loss(filter);
                    continue;
                }
                Advance::Pending if self.goes_on() => continue,
                Advance::Pending => return Ok(LogState::Pending),
            }
            if let Some(found) = self.accept(filter, several) {
                return Ok(found);
            }
        }
    }

    fn find_next_impatiently(
        &mut self,
        filter: &LineFilter,
        several: bool,
    ) -> io::Result<LogState> {
        let found = self.find_next(filter, several)?;
        if found != LogState::Pending {
            return Ok(found);
        }
        match self.lines.flush()? {
            Advance::Line => Ok(self.accept(filter, several).unwrap_or(LogState::Pending)),
            Advance::Lost => {
                self.note_loss(filter);
                Ok(LogState::Pending)
            }
            Advance::Pending | Advance::End => Ok(LogState::Pending),
        }
    }

    /// Whether the present line counts.
    fn accept(&mut self, filter: &LineFilter, several: bool) -> Option<LogState> {
        if self.was_seen() {
            return None;
        }
        let time = self.lines.line()?.time;
        if !filter.passes(&time) {
            self.gap = self.gap.filter(|_| !span::is_long_before(&time, filter));
            self.refused = Some(time);
            return None;
        }
        self.refused = None;
        Some(LogState::Line(several.then(|| time.instant())))
    }

    /// Lines were lost: a gap, if they may be among those that are asked for.
    fn note_loss(&mut self, filter: &LineFilter) {
        let bytes = self.lines.take_lost_bytes();
        let was_seen = self.seen.is_some() && !self.is_in_seen_file;
        let is_late = self.refused.is_some_and(|last| span::is_long_after(&last, filter));
        if !was_seen && !is_late {
            self.add_gap(bytes);
        }
    }

    fn add_gap(&mut self, bytes: Option<u64>) {
        let before = self.gap.and_then(|gap| gap.bytes);
        let bytes = before.into_iter().chain(bytes).reduce(|sum, bytes| sum + bytes);
        self.gap = Some(LostBefore { from: self.last_time, bytes });
    }

    /// Whether the present line is one from before the place where the reading was taken up.
    fn was_seen(&mut self) -> bool {
        // Asked first: every line comes here, and hardly any reading was taken up.
        let Some(seen) = &self.seen else {
            return false;
        };
        let Some(present) = self.lines.resumption() else {
            return false;
        };
        let is_same_file = Arc::ptr_eq(&present.seen.file, &seen.file);
        // Files before that one are read only as far as they hold the beginning of a line.
        let is_past = match is_same_file {
            true => present.mark() > seen.mark,
            false => self.is_in_seen_file,
        };
        self.is_in_seen_file |= is_same_file;
        if is_past {
            self.seen = None;
        }
        !is_past
    }

    /// At the end of what is known: whether there is something after it by now.
    fn goes_on(&mut self) -> bool {
        let (Some(following), Some(last)) = (&self.following, self.lines.physical().last_file())
        else {
            return false;
        };
        if !last.is_complete() {
            return false;
        }
        let last = last.clone();
        let (next, is_after_gap) = match following.log.next_after(&last) {
            Next::File(next) => (next, false),
            Next::AfterGap(next) => (next, true),
            Next::Wait => return false,
            Next::Ended => {
                self.lines.physical_mut().expect_more(false);
                return true;
            }
        };
        if next.run != last.run && !following.through_runs {
            self.lines.physical_mut().expect_more(false);
            return true;
        }
        if is_after_gap {
            self.add_gap(None);
        }
        self.lines.physical_mut().append(next);
        self.has_gone_on = true;
        true
    }
}

/// What is known of a tail before it is read.
#[derive(Debug, Default)]
struct Shortened {
    /// How many lines are too many.
    skip: u64,
    /// There are as many lines as are wanted.
    begins_whole: bool,
    /// Unfinished lines before the tail, and the log of each.
    old_unfinished: Vec<(usize, UnfinishedLine)>,
}

/// Shortens each log to the end that holds its last `wanted` lines. Of a log that is followed the
/// unfinished lines are the last ones: the tail may end with them, but they are not given out
/// before it.
fn shorten(inputs: &mut [LogInput], filter: &LineFilter, wanted: u64) -> io::Result<Shortened> {
    let (mut finished, mut unfinished) = (0_u64, Vec::new());
    for (log, input) in inputs.iter_mut().enumerate() {
        let tail = tail::find(&input.chain, filter, wanted)?;
        input.chain = tail.chain;
        finished += tail.lines;
        unfinished.extend(tail.unfinished.into_iter().map(|line| (log, line)));
    }
    unfinished.sort_by_cached_key(|(_, line)| line.time.instant());
    let (found, wanted_finished) =
        (finished + unfinished.len() as u64, wanted.saturating_sub(unfinished.len() as u64));
    let old = usize::try_from(wanted).unwrap_or(usize::MAX);
    unfinished.truncate(unfinished.len().saturating_sub(old));
    Ok(Shortened {
        skip: finished.saturating_sub(wanted_finished),
        begins_whole: found >= wanted,
        old_unfinished: unfinished,
    })
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::physical::tests::chain_of;

    /// A log as it is, not followed.
    pub(crate) fn whole(chain: Chain) -> LogInput {
        LogInput { container: "app".parse().unwrap(), chain, following: None, seen: None }
    }

    fn log(lines: &[(u8, &str)]) -> Chain {
        let lines: String = lines
            .iter()
            .map(|(second, text)| format!("2026-11-01T10:00:{second:02}Z stdout F {text}\n"))
            .collect();
        chain_of(lines.as_bytes(), 0)
    }

    #[track_caller]
    fn check(chains: Vec<Chain>, query: &LogQuery, expected: &[&str]) {
        let inputs = chains.into_iter().map(whole).collect();
        let mut chosen = ChosenLines::new(inputs, query).unwrap();
        let mut seen = Vec::new();
        while chosen.advance().unwrap() == Step::Line {
            seen.push(String::from_utf8(chosen.line().unwrap().content.to_vec()).unwrap());
        }
        assert_eq!(seen, expected);
    }

    fn tail(lines: u64) -> LogQuery {
        LogQuery { tail: Some(lines), ..LogQuery::default() }
    }

    #[test]
    fn files_are_merged_by_time_and_the_first_named_comes_first() {
        let files = || {
            vec![log(&[(1, "a1"), (3, "a3"), (5, "a5")]), log(&[(2, "b2"), (3, "b3")]), log(&[])]
        };
        check(files(), &LogQuery::default(), &["a1", "b2", "a3", "b3", "a5"]);
        check(files(), &tail(2), &["b3", "a5"]);
        check(files(), &tail(0), &[]);
        check(files(), &tail(9), &["a1", "b2", "a3", "b3", "a5"]);
    }

    #[test]
    fn a_file_out_of_order_stays_as_it_is() {
        check(vec![log(&[(5, "a"), (1, "b"), (3, "c")])], &LogQuery::default(), &["a", "b", "c"]);
    }

    #[test]
    fn a_line_passes_from_since_on_and_before_until() {
        let second = |second: u32| DateTime::from_timestamp(1_793_527_200 + i64::from(second), 0);
        let filter = LineFilter { stream: None, since: second(2), until: second(4) };
        let query = LogQuery { filter, ..LogQuery::default() };
        check(vec![log(&[(1, "a"), (2, "b"), (3, "c"), (4, "d")])], &query, &["b", "c"]);
        check(
            vec![log(&[(1, "a"), (2, "b"), (3, "c"), (4, "d")])],
            &LogQuery { tail: Some(1), ..query },
            &["c"],
        );
    }
}
