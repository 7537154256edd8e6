//! Chosen lines as the bytes of an answer, a bounded chunk at a time.

#[cfg(test)]
mod tests;
mod told;
#[cfg(test)]
mod told_tests;

use std::io;

use self::told::ToldRecords;
use super::{
    form::LogForm,
    line_object::{cursor, write_line_object},
    text::{TextBefore, take_from, write_json, write_text},
    volume::VolumeCount,
};
use crate::{
    chunk::{CHUNK_BYTES, LogEnd, Progress, SCAN_BYTES},
    cost::ReadingCost,
    counts::ReadCounts,
    line::{log_line::LineEnding, stream::OutputStream},
    merge::{chosen_lines::ChosenLines, merge_step::MergeStep},
    query::{LogQuery, OutputLimit},
    source::known_logs::PodPredicate,
};

/// How much text becomes JSON at once, in bytes: there it may take six times the space.
const QUOTED_BYTES: usize = 16 * 1024;

/// Which log a line is from, and which stream. The parts of a line have it in common.
type LineOrigin = (Option<usize>, OutputStream);

/// Writes what a query chooses.
#[derive(Debug)]
pub(crate) struct Rendering {
    lines: ChosenLines,
    layout: LineLayout,
    follows: bool,
    /// Counts lines instead of writing them.
    volume: Option<VolumeCount>,
    /// Where the line before is from, if it had no newline: it is owed one if another follows.
    open_line: Option<LineOrigin>,
    /// Where lines are from that are given out in parts, of which the last has not come.
    long_lines: Vec<LineOrigin>,
    counts: ReadCounts,
    /// What was told beside the lines.
    told: ToldRecords,
    /// A line as text, on its way to become JSON.
    text: Vec<u8>,
    /// The same as a JSON string, on its way out of its quotes.
    quoted: Vec<u8>,
}

/// How lines are written, and how much of them.
#[derive(Debug)]
struct LineLayout {
    form: LogForm,
    timestamps: bool,
    /// Each line of text begins with its log.
    prefix: bool,
    /// What may still be written.
    left: OutputLimit,
}

impl LineLayout {
    /// Whether a line is written as the container wrote it, whatever it is, and lines behind one
    /// another make one text. A new field has to be answered for here: on the short cut for plain
    /// text no line is looked at.
    fn changes_nothing(&self) -> bool {
        let Self { form, timestamps, prefix, left: OutputLimit { bytes, lines } } = self;
        let is_text = matches!(form, LogForm::Text | LogForm::JsonString) && !prefix;
        is_text && !timestamps && bytes.is_none() && lines.is_none()
    }
}

impl Rendering {
    /// Writes these lines in this form, as far as the query limits it.
    pub(crate) fn new(lines: ChosenLines, query: &LogQuery, form: LogForm) -> Self {
        let LogQuery { timestamps, prefix, limit: left, .. } = *query;
        Self {
            lines,
            layout: LineLayout { form, timestamps, prefix, left },
            follows: query.follow,
            volume: query.volume.map(VolumeCount::new),
            open_line: None,
            long_lines: Vec::new(),
            counts: ReadCounts::default(),
            told: ToldRecords::default(),
            text: Vec::new(),
            quoted: Vec::new(),
        }
    }

    /// How lines are written.
    pub(crate) fn form(&self) -> LogForm {
        self.layout.form
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
        self.counts
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
        let start = out.len();
        let progress = self.write_lines(advance, out)?;
        if out.len() > start {
            self.end_flush(out)?;
        }
        if let Some(volume) = &mut self.volume {
            // The last interval may go on.
            let kept = usize::from(!matches!(progress, Progress::Done(_)));
            volume.write_all_but(kept, self.layout.form, out);
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
            if self.has_all_lines() || self.layout.left.bytes == Some(0) {
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
        self.layout.left.lines == Some(0)
            && self.long_lines.is_empty()
            && !self.lines.owes_context()
    }

    /// Whether every line passes and is written as it stands in the file.
    fn copies_lines(&self) -> bool {
        self.layout.changes_nothing()
            && self.lines.filter().passes_everything()
            && self.open_line.is_none()
    }

    /// Many lines at once, as far as they are usual ones.
    fn copy_lines(&mut self, out: &mut Vec<u8>) {
        let space = CHUNK_BYTES.saturating_sub(out.len());
        if self.layout.form == LogForm::Text {
            self.counts += self.lines.strip(space, out);
            return;
        }
        self.text.clear();
        self.text.reserve(space.min(QUOTED_BYTES));
        self.counts += self.lines.strip(space.min(QUOTED_BYTES), &mut self.text);
        write_json(&self.text, &mut self.quoted, out);
    }

    /// One line, or one gap. `None`: go on.
    fn write_step(&mut self, step: MergeStep, out: &mut Vec<u8>) -> io::Result<Option<Progress>> {
        self.counts.gaps += u64::from(matches!(step, MergeStep::Gap(_)));
        match step {
            MergeStep::Line => {
                self.write_line(out)?;
                if self.layout.left.lines == Some(0) {
                    self.lines.finish_context();
                }
            }
            MergeStep::Gap(_) if !self.layout.form.has_words() => {
                return Ok(Some(Progress::Done(LogEnd::Gap)));
            }
            MergeStep::Gap(gap) => self.tell_gap(gap, out)?,
            MergeStep::Notice => self.tell_notice(out)?,
            MergeStep::Reading => return Ok(Some(Progress::More)),
            MergeStep::Pending => {
                self.tell_live(out)?;
                return Ok(Some(Progress::CaughtUp));
            }
            MergeStep::End if self.follows => {
                self.tell_ends(out)?;
                return Ok(Some(Progress::Done(LogEnd::ContainerExit)));
            }
            MergeStep::End => return Ok(Some(Progress::Done(LogEnd::Complete))),
        }
        Ok(None)
    }

    fn write_line(&mut self, out: &mut Vec<u8>) -> io::Result<()> {
        let Some(line) = self.lines.line() else {
            return Ok(());
        };
        if let Some(volume) = &mut self.volume {
            volume.add(&line, self.lines.level(), self.layout.form, out);
            return Ok(());
        }
        let is_counted = !line.is_continuation && !self.lines.is_context();
        if is_counted && self.layout.left.lines == Some(0) {
            // Only the rest of a long line is waited for.
            self.lines.settle_line(false);
            return Ok(());
        }
        self.counts.masked += line.masked;
        let origin = (self.lines.log(), line.stream);
        self.long_lines.retain(|long| *long != origin);
        if line.ending == LineEnding::Continued {
            self.long_lines.push(origin);
        }
        let open = self.open_line.take();
        let begins_text = !line.is_continuation || open != Some(origin);
        let before = TextBefore {
            owes_newline: open.is_some() && begins_text,
            log: self.lines.name().filter(|_| self.layout.prefix && begins_text),
            timestamp: self.layout.timestamps,
        };
        self.open_line = (line.ending != LineEnding::Newline).then_some(origin);
        if is_counted {
            self.layout.left.lines = self.layout.left.lines.map(|lines| lines - 1);
        }
        self.counts.lines += u64::from(!line.is_continuation);
        let mut is_whole = true;
        self.counts.bytes += match self.layout.form {
            LogForm::Text => write_text(&line, before, &mut self.layout.left.bytes, out),
            LogForm::JsonString => {
                self.text.clear();
                let text = &mut self.text;
                let left = &mut self.layout.left.bytes;
                let written = write_text(&line, before, left, text);
                write_json(text, &mut self.quoted, out);
                written
            }
            LogForm::JsonLines | LogForm::Events => {
                let newline = usize::from(line.ending == LineEnding::Newline);
                let length = line.content.len() + newline;
                let kept = take_from(&mut self.layout.left.bytes, length as u64);
                let content = &line.content[..line.content.len().min(kept as usize)];
                write_line_object(self.layout.form, &self.lines, &line, content, out)?;
                is_whole = content.len() == line.content.len();
                self.told.is_event_open = self.layout.form == LogForm::Events;
                kept
            }
        };
        self.lines.settle_line(is_whole);
        Ok(())
    }
}
