//! The kubelet's reading of a log (`ReadLogs` in `logs.go`).

use std::io;

use super::{
    entry_writer::EntryWriter,
    options::{KubeletError, KubeletOptions},
    tail,
    whole_lines::WholeLines,
};
use crate::{
    chunk::{CHUNK_BYTES, LogEnd, Progress, SCAN_BYTES},
    counts::ReadCounts,
    source::files::{
        follow::following::Following,
        format::line_format::LineFormat,
        lines::{
            physical::PhysicalLines,
            physical_line::{Advance, PhysicalEnd, PhysicalLine},
        },
        storage::chain::FileChain,
    },
};

/// Writes what the kubelet would write.
///
/// To follow, call [`write_chunk`](Self::write_chunk) again whenever the log grew. The kubelet ends
/// with the container.
#[derive(Debug)]
pub(crate) struct KubeletRendering {
    lines: WholeLines,
    follows: bool,
    /// How many lines may still be read.
    lines_left: Option<u64>,
    /// That of the first line, which the kubelet holds to.
    format: Option<LineFormat>,
    /// The present line, if it could be read: it may have further pieces.
    present: Option<PresentEntry>,
    writer: EntryWriter,
    /// Why the log ended, once it did.
    end: Option<LogEnd>,
}

/// What is known of a line from its beginning.
#[derive(Debug, Clone, Copy)]
struct PresentEntry {
    partial: bool,
    is_chosen: bool,
}

impl KubeletRendering {
    /// Ready to write: the files were read as far as is needed to find where the tail begins.
    pub(crate) fn new(chain: &FileChain, options: &KubeletOptions) -> io::Result<Self> {
        let lines = match options.tail_lines {
            Some(wanted) => WholeLines::new(&tail::find(chain, wanted, options.stream)?)?,
            None => WholeLines::new(chain)?,
        };
        Ok(Self {
            lines,
            follows: options.follow,
            lines_left: options.tail_lines.filter(|_| !options.follow),
            format: None,
            present: None,
            writer: EntryWriter::new(options),
            end: None,
        })
    }

    /// Goes on where the log does, after the last file.
    pub(crate) fn follow(mut self, following: Option<Following>) -> Self {
        self.lines.physical_mut().follow(following);
        self
    }

    /// The files that are read.
    pub(crate) fn physical(&self) -> &PhysicalLines {
        self.lines.physical()
    }

    /// How much was written.
    pub(crate) fn counts(&self) -> ReadCounts {
        self.writer.counts()
    }

    /// The files that are read, to add to them.
    #[cfg(test)]
    pub(crate) fn physical_mut(&mut self) -> &mut PhysicalLines {
        self.lines.physical_mut()
    }

    /// Writes the next chunk behind what stands in `out`. May write nothing though more follows:
    /// then nothing was chosen of what was read. After an error there is no more.
    pub(crate) fn write_chunk(&mut self, out: &mut Vec<u8>) -> Result<Progress, KubeletError> {
        let scan_end = self.lines.physical().bytes_read().saturating_add(SCAN_BYTES);
        while out.len() < CHUNK_BYTES && self.lines.physical().bytes_read() < scan_end {
            if self.lines_left == Some(0) {
                self.end = Some(LogEnd::Complete);
            }
            if let Some(reason) = self.end {
                return Ok(Progress::Done(reason));
            }
            let advance = self.advance(out).inspect_err(|_| self.end = Some(LogEnd::Source))?;
            if advance == Advance::Pending {
                return Ok(Progress::CaughtUp);
            }
        }
        Ok(Progress::More)
    }

    fn advance(&mut self, out: &mut Vec<u8>) -> Result<Advance, KubeletError> {
        let advance = self.lines.advance()?;
        match advance {
            Advance::Line if self.write_line(out)? => self.end = Some(LogEnd::Limit),
            Advance::End if self.follows => self.end = Some(LogEnd::ContainerExit),
            Advance::End => self.end = Some(LogEnd::Complete),
            Advance::Lost => self.end = Some(LogEnd::Gap),
            Advance::Line | Advance::Pending => {}
        }
        Ok(advance)
    }

    /// Writes the present line, or what there is of it. Whether the limit is reached is the answer.
    fn write_line(&mut self, out: &mut Vec<u8>) -> Result<bool, KubeletError> {
        let line = self.lines.line();
        if line.is_continuation {
            let Some(present) = self.present else {
                return Ok(false);
            };
            let is_finished = !present.partial && line.end == PhysicalEnd::Newline;
            return Ok(self.writer.write_on(line.bytes, is_finished, present.is_chosen, out));
        }
        self.present = None;
        if self.follows && line.end == PhysicalEnd::EndOfFile {
            // The kubelet waits for its newline, and then goes to another file.
            return Ok(false);
        }
        let format = match self.format {
            Some(format) => format,
            None => LineFormat::of(line.bytes).ok_or_else(|| unsupported_format(&line))?,
        };
        self.format = Some(format);
        let Some(entry) = format.parse(line.bytes) else {
            // A line that cannot be read is none. But only the whole of a record of Docker's can
            // be, and this one is longer than what is held.
            if format == LineFormat::DockerJson && line.end == PhysicalEnd::Continued {
                self.end = Some(LogEnd::Gap);
            }
            return Ok(false);
        };
        if self.writer.is_of_stream(&entry) {
            self.lines_left = self.lines_left.map(|lines| lines.saturating_sub(1));
        }
        let is_chosen = self.writer.chooses(&entry)?;
        self.writer.begin(&entry.time, is_chosen, out);
        self.present = Some(PresentEntry { partial: entry.partial, is_chosen });
        // Docker's newline is in the content, and was there whatever comes after the line.
        let has_newline = line.end == PhysicalEnd::Newline || format == LineFormat::DockerJson;
        let is_finished = !entry.partial && has_newline;
        let content = entry.content(line.bytes);
        Ok(self.writer.write_on(content, is_finished, is_chosen, out))
    }
}

fn unsupported_format(line: &PhysicalLine<'_>) -> KubeletError {
    let mut text = line.bytes.to_vec();
    if line.end == PhysicalEnd::Newline {
        text.push(b'\n');
    }
    KubeletError::UnsupportedFormat(text)
}
