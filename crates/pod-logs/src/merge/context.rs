//! Lines around those that pass.

use std::collections::VecDeque;

use super::chosen_log::LogResumption;
use crate::line::{
    level::Level,
    log_line::{LineEnding, LogLine},
    stream::OutputStream,
    time::LineTime,
};

/// How much of the lines before is held at most, in bytes of a log: of longer lines there are fewer.
const MAX_HELD_BYTES: usize = 1024 * 1024;

/// The lines around those of one log that pass.
#[derive(Debug)]
pub(super) struct LineContext {
    /// How many lines before, and how many after.
    lines: usize,
    /// Lines that did not pass and were not given out.
    before: VecDeque<HeldLine>,
    before_bytes: usize,
    /// What comes next: lines before one that passes, and that one.
    ready: VecDeque<HeldLine>,
    /// The present line, if it was held.
    pub(super) present: Option<HeldLine>,
    /// The present line is there because of another one.
    pub(super) is_context: bool,
    /// How many lines come after the last one that passed.
    pub(super) after_left: usize,
    /// How many lines that pass are still too many for the tail.
    pub(super) skip: u64,
    /// No more lines are asked for than those around what was given out.
    pub(super) is_over: bool,
}

/// A line that is held.
#[derive(Debug)]
pub(super) struct HeldLine {
    time: LineTime,
    stream: OutputStream,
    content: Vec<u8>,
    masked: u64,
    is_continuation: bool,
    ending: LineEnding,
    pub(super) level: Option<Level>,
    pub(super) resumption: Option<LogResumption>,
    is_context: bool,
}

impl HeldLine {
    pub(super) fn new(
        line: &LogLine<'_>,
        level: Option<Level>,
        resumption: Option<LogResumption>,
    ) -> Self {
        let LogLine { time, stream, content, masked, is_continuation, ending } = *line;
        Self {
            time,
            stream,
            content: content.to_vec(),
            masked,
            is_continuation,
            ending,
            level,
            resumption,
            is_context: true,
        }
    }

    pub(super) fn line(&self) -> LogLine<'_> {
        let Self { time, stream, ref content, masked, is_continuation, ending, .. } = *self;
        LogLine { time, stream, content, masked, is_continuation, ending }
    }
}

impl LineContext {
    /// So many lines on each side.
    pub(super) fn new(lines: usize) -> Self {
        Self {
            lines,
            before: VecDeque::new(),
            before_bytes: 0,
            ready: VecDeque::new(),
            present: None,
            is_context: false,
            after_left: 0,
            skip: 0,
            is_over: false,
        }
    }

    /// Presents the next of the lines that were held, if one is due.
    pub(super) fn present_next(&mut self) -> Option<LogLine<'_>> {
        self.present = self.ready.pop_front();
        let present = self.present.as_ref()?;
        self.is_context = present.is_context;
        Some(present.line())
    }

    /// Takes the next line of the log, which passes or not. Whether there is a line to give out is
    /// the answer; `held` is a copy of the line.
    pub(super) fn take(
        &mut self,
        passes: bool,
        is_continuation: bool,
        held: impl FnOnce() -> HeldLine,
    ) -> bool {
        if passes && self.counts(is_continuation) {
            self.after_left = self.lines;
            self.is_context = false;
            if !self.before.is_empty() {
                self.hold_last(held());
                self.present_next();
            }
            return true;
        }
        if self.after_left > 0 {
            // The parts of a long line are one line.
            self.after_left -= usize::from(!is_continuation);
            self.is_context = true;
            return true;
        }
        if !self.is_over {
            self.hold(held());
        }
        false
    }

    /// Whether a line that passes is asked for.
    fn counts(&mut self, is_continuation: bool) -> bool {
        let is_skipped = self.skip > 0;
        self.skip = self.skip.saturating_sub(u64::from(!is_continuation));
        !is_skipped && !self.is_over
    }

    /// Holds a line that may come before one that passes.
    fn hold(&mut self, line: HeldLine) {
        self.before_bytes += line.content.len();
        self.before.push_back(line);
        while self.before.len() > self.lines || self.before_bytes > MAX_HELD_BYTES {
            let Some(oldest) = self.before.pop_front() else { break };
            self.before_bytes -= oldest.content.len();
        }
    }

    /// Makes the lines that were held come next, and then this one, which passes.
    fn hold_last(&mut self, line: HeldLine) {
        self.before_bytes = 0;
        self.ready.extend(self.before.drain(..));
        self.ready.push_back(HeldLine { is_context: false, ..line });
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use crate::{
        line::filter::{LineFilter, line_patterns::LinePatterns},
        merge::{chosen_lines::ChosenLines, merge_step::MergeStep},
        query::LogQuery,
        source::{
            files::lines::{file_lines::FileLog, physical::tests::chain_of},
            log_input::LogInput,
        },
    };

    /// The numbers of the lines that are given, and which of them match.
    fn given(matches: &[bool], query: &LogQuery) -> Vec<(usize, bool)> {
        let line = |(number, hit): (usize, &bool)| {
            let word = if *hit { "hit" } else { "miss" };
            format!("2026-11-01T10:00:00Z stdout F {number} {word}\n")
        };
        let content: String = matches.iter().enumerate().map(line).collect();
        let input = LogInput::Files(FileLog::whole(chain_of(content.as_bytes(), 0)));
        let mut lines = ChosenLines::new(vec![input], query).unwrap();
        let mut all = Vec::new();
        while lines.advance().unwrap() == MergeStep::Line {
            let text = String::from_utf8(lines.line().unwrap().content.to_vec()).unwrap();
            let number = text.split(' ').next().unwrap().parse().unwrap();
            all.push((number, !lines.is_context()));
        }
        all
    }

    fn query(context: usize, tail: Option<u64>) -> LogQuery {
        let patterns = Some(LinePatterns::new(&["hit"], &[]).unwrap().into());
        let filter = LineFilter { patterns, context, ..LineFilter::default() };
        LogQuery { filter, tail, ..LogQuery::default() }
    }

    proptest! {
        #[test]
        fn each_line_near_a_match_is_given_once(
            matches in prop::collection::vec(prop::bool::weighted(0.2), 0..60),
            context in 0_usize..5,
            tail in prop_oneof![Just(None), (0_usize..6).prop_map(Some)],
        ) {
            let hits: Vec<usize> = (0..matches.len()).filter(|line| matches[*line]).collect();
            let first = tail.map_or(0, |tail| hits.len().saturating_sub(tail));
            let wanted = &hits[first..];
            let expected: Vec<(usize, bool)> = (0..matches.len())
                .filter(|line| wanted.iter().any(|hit| hit.abs_diff(*line) <= context))
                .map(|line| (line, wanted.contains(&line)))
                .collect();
            let tail = tail.map(|tail| tail as u64);
            prop_assert_eq!(given(&matches, &query(context, tail)), expected);
        }
    }

    #[test]
    fn the_context_of_a_tail_may_begin_before_the_part_that_holds_the_tail() {
        for every in [1, 7, 60, 900] {
            let matches: Vec<bool> = (0..20_000).map(|line| line % every == 0).collect();
            let given = given(&matches, &query(50, Some(3)));
            let first = (matches.len() - 1) / every * every - 2 * every;
            assert_eq!(given.first(), Some(&(first - 50, false)), "{every}");
        }
    }
}
