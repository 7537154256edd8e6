//! Chosen lines as the bytes of an answer, a bounded chunk at a time.

mod front;
mod lines;
#[cfg(test)]
mod tests;
mod told;
#[cfg(test)]
mod told_tests;

use std::io;

use self::{
    front::FrontRecords,
    lines::{cursor, write_present_line},
    told::ToldRecords,
};
use super::{
    form::LogForm,
    line_writer::{LineOfLog, LineWriter},
    volume::VolumeCount,
};
use crate::{
    chunk::{CHUNK_BYTES, LogEnd, Progress, SCAN_BYTES},
    cost::ReadingCost,
    counts::ReadCounts,
    cursor::cursor_encoder::CursorEncoder,
    merge::{chosen_lines::ChosenLines, merge_step::MergeStep},
    query::LogQuery,
    source::known_logs::PodPredicate,
};

/// Writes what a query chooses.
#[derive(Debug)]
pub(crate) struct Rendering {
    lines: ChosenLines,
    writer: LineWriter,
    cursors: CursorEncoder,
    follows: bool,
    /// Counts lines instead of writing them.
    volume: Option<VolumeCount>,
    /// What was told beside the lines.
    told: ToldRecords,
    /// What only a front is told.
    front: Option<Box<FrontRecords>>,
}

impl Rendering {
    /// Writes these lines in this form, as far as the query limits it.
    pub(crate) fn new(lines: ChosenLines, query: &LogQuery, form: LogForm) -> Self {
        Self {
            lines,
            writer: LineWriter::new(query, form),
            cursors: CursorEncoder::default(),
            follows: query.follow,
            volume: query.volume.map(VolumeCount::new),
            told: ToldRecords::default(),
            front: None,
        }
    }

    /// How lines are written.
    pub(crate) fn form(&self) -> LogForm {
        self.writer.form()
    }

    /// The lines that are written.
    pub(crate) fn lines(&self) -> &ChosenLines {
        &self.lines
    }

    /// Leaves out the logs of pods that may not be read any more.
    pub(crate) fn restrict(&mut self, may_read: &PodPredicate) {
        self.lines.restrict(may_read);
    }

    /// What it takes to read the rest, as far as it is there.
    pub(crate) fn cost_ahead(&self) -> ReadingCost {
        self.lines.cost_ahead()
    }

    /// How much was written.
    pub(crate) fn counts(&self) -> ReadCounts {
        self.writer.counts()
    }

    /// Writes the next chunk behind what stands in `out`: whole lines, unless a limit cuts the
    /// last one. May write nothing though more follows: then nothing was chosen of what was read.
    pub(crate) fn write_chunk(&mut self, out: &mut Vec<u8>) -> io::Result<Progress> {
        self.write_steps(ChosenLines::advance, out)
    }

    /// The same, and writes what is not finished: nothing came for a while. But much may have come
    /// since that was seen.
    pub(crate) fn write_unfinished(&mut self, out: &mut Vec<u8>) -> io::Result<Progress> {
        self.write_steps(ChosenLines::advance_unfinished, out)
    }

    /// The same where nothing more is read, though the logs go on.
    pub(crate) fn write_rest(&mut self, out: &mut Vec<u8>) -> io::Result<Progress> {
        self.lines.cut_off();
        self.write_unfinished(out)
    }

    fn write_steps(
        &mut self,
        advance: fn(&mut ChosenLines) -> io::Result<MergeStep>,
        out: &mut Vec<u8>,
    ) -> io::Result<Progress> {
        self.tell_front_begin(out);
        let start = out.len();
        let progress = self.write_lines(advance, out)?;
        if out.len() > start {
            self.end_flush(out)?;
        }
        if let Some(volume) = &mut self.volume {
            // The last interval may go on.
            let kept = usize::from(!matches!(progress, Progress::Done(_)));
            volume.write_all_but(kept, self.writer.form(), out);
        }
        Ok(progress)
    }

    fn write_lines(
        &mut self,
        advance: fn(&mut ChosenLines) -> io::Result<MergeStep>,
        out: &mut Vec<u8>,
    ) -> io::Result<Progress> {
        let scan_end = self.lines.bytes_read().saturating_add(SCAN_BYTES);
        while out.len() < CHUNK_BYTES && self.lines.bytes_read() < scan_end {
            if self.has_all_lines() || self.writer.has_all_bytes() {
                return Ok(Progress::Done(LogEnd::Limit));
            }
            let step = advance(&mut self.lines)?;
            self.tell_begin(step, out)?;
            self.tell_runs(step, out)?;
            // What was found leaves at once.
            if step == MergeStep::Reading && out.is_empty() {
                continue;
            }
            if let Some(progress) = self.write_step(step, out)? {
                return Ok(progress);
            }
            if self.copies_lines() {
                self.copy_lines(out);
            }
        }
        Ok(Progress::More)
    }

    /// Whether no more lines are asked for.
    fn has_all_lines(&self) -> bool {
        self.writer.has_all_lines() && !self.lines.owes_context()
    }

    /// Whether every line passes and is written as it stands in the file.
    fn copies_lines(&self) -> bool {
        self.writer.copies() && self.lines.filter().passes_everything()
    }

    /// Many lines at once, as far as they are usual ones.
    fn copy_lines(&mut self, out: &mut Vec<u8>) {
        let space = CHUNK_BYTES.saturating_sub(out.len());
        self.writer.copy(space, |bytes, text| self.lines.strip(bytes, text), out);
    }

    /// One line, or one gap. `None`: go on.
    fn write_step(&mut self, step: MergeStep, out: &mut Vec<u8>) -> io::Result<Option<Progress>> {
        match step {
            MergeStep::Line => {
                self.write_line(out)?;
                if self.writer.has_enough_lines() {
                    self.lines.finish_context();
                }
            }
            MergeStep::Gap(gap) => {
                self.writer.count_gap();
                if !self.form().has_words() {
                    return Ok(Some(Progress::Done(LogEnd::Gap)));
                }
                self.tell_gap(gap, out)?;
            }
            MergeStep::Notice => {
                self.tell_notice(out)?;
                if self.lines.is_incomplete() && !self.form().has_words() {
                    return Ok(Some(Progress::Done(LogEnd::Source)));
                }
            }
            MergeStep::Reading => return Ok(Some(Progress::More)),
            MergeStep::Awaited => return Ok(Some(Progress::CaughtUp)),
            MergeStep::Pending => {
                self.tell_live(out)?;
                return Ok(Some(Progress::CaughtUp));
            }
            MergeStep::End if self.follows => {
                self.tell_ends(out)?;
                return Ok(Some(Progress::Done(self.end(LogEnd::ContainerExit))));
            }
            MergeStep::End => return Ok(Some(Progress::Done(self.end(LogEnd::Complete)))),
        }
        Ok(None)
    }

    /// The end, if nothing is missing.
    fn end(&self, end: LogEnd) -> LogEnd {
        if self.lines.is_incomplete() { LogEnd::Source } else { end }
    }

    fn write_line(&mut self, out: &mut Vec<u8>) -> io::Result<()> {
        let Self { lines, writer, cursors, .. } = self;
        let Some(line) = lines.line() else {
            return Ok(());
        };
        let form = writer.form();
        if let Some(volume) = &mut self.volume {
            volume.add(&line, lines.level(), form, out);
            return Ok(());
        }
        let of_log = LineOfLog {
            line,
            log: lines.log(),
            name: lines.name(),
            is_context: lines.is_context(),
        };
        let for_front = self.front.is_some();
        let is_event_open = &mut self.told.is_event_open;
        let is_whole = writer.write(of_log, out, |content, out| {
            *is_event_open = form == LogForm::Events;
            write_present_line(form, for_front, lines, &line, content, cursors, out)
        })?;
        self.lines.settle_line(is_whole);
        Ok(())
    }
}
