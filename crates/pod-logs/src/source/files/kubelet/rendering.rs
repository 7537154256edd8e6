//! The kubelet's reading of a log (`ReadLogs` in `logs.go`).

use std::io;

use super::{
    entry_writer::{EntryPiece, EntryWriter},
    options::{KubeletError, KubeletOptions},
    tail,
};
use crate::{
    chunk::{CHUNK_BYTES, LogEnd, Progress, SCAN_BYTES},
    counts::ReadCounts,
    line::{
        masking::{mask_cut_off, mask_tokens},
        stream::OutputStream,
    },
    source::files::{
        follow::following::Following,
        format::line_format::LineFormat,
        lines::{
            look_back::tokens_before,
            physical::PhysicalLines,
            physical_line::{Advance, PhysicalEnd, PhysicalLine},
            whole_lines::WholeLines,
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
    /// Tokens are masked.
    is_masked: bool,
    /// Which run of the container is read.
    run: u64,
    /// Why the log ended, once it did.
    end: Option<LogEnd>,
    /// The complaint that it ends with.
    complaint: Option<KubeletError>,
}

/// What is known of a line from its beginning.
#[derive(Debug, Clone, Copy)]
struct PresentEntry {
    stream: Option<OutputStream>,
    partial: bool,
    is_chosen: bool,
}

impl KubeletRendering {
    /// Ready to write: the files were read as far as is needed to find where the tail begins.
    pub(crate) fn new(chain: &FileChain, options: &KubeletOptions) -> io::Result<Self> {
        let tail = options.tail_lines.map(|wanted| tail::find(chain, wanted, options.stream));
        let tail = tail.transpose()?;
        let chain = tail.as_ref().unwrap_or(chain);
        let lines = WholeLines::new(chain)?;
        Ok(Self {
            run: lines.physical().run(),
            is_masked: chain.is_masked,
            lines,
            follows: options.follow,
            lines_left: options.tail_lines.filter(|_| !options.follow),
            format: None,
            present: None,
            writer: EntryWriter::new(options, tokens_before(chain)?),
            end: None,
            complaint: None,
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
        let gaps = u64::from(self.end == Some(LogEnd::Gap));
        ReadCounts { gaps, ..self.writer.counts() }
    }

    /// The files that are read, to add to them.
    #[cfg(test)]
    pub(crate) fn physical_mut(&mut self) -> &mut PhysicalLines {
        self.lines.physical_mut()
    }

    /// Writes the next chunk behind what stands in `out`. May write nothing though more follows:
    /// then nothing was chosen of what was read. After an error there is no more.
    pub(crate) fn write_chunk(&mut self, out: &mut Vec<u8>) -> Result<Progress, KubeletError> {
        // What was held fills no chunk.
        let chunk_end = CHUNK_BYTES + self.writer.tokens().held_bytes();
        self.writer.begin_chunk(out);
        let progress = self.write_lines(chunk_end, out);
        if progress.is_err() {
            self.end = Some(LogEnd::Source);
            self.writer.cut_off(out);
        }
        self.writer.end_chunk(out);
        progress
    }

    /// Writes what is held, though the log goes on. What may be the beginning of a token is masked.
    pub(crate) fn write_held(&mut self, out: &mut Vec<u8>) {
        self.writer.begin_chunk(out);
        self.writer.cut_off(out);
        self.writer.end_chunk(out);
    }

    fn write_lines(
        &mut self,
        chunk_end: usize,
        out: &mut Vec<u8>,
    ) -> Result<Progress, KubeletError> {
        let scan_end = self.lines.physical().bytes_read().saturating_add(SCAN_BYTES);
        while out.len() < chunk_end && self.lines.physical().bytes_read() < scan_end {
            if self.lines_left == Some(0) {
                self.end = self.end.or(Some(LogEnd::Complete));
            }
            // The end of what is written may be the beginning of a token that goes on.
            if let Some(reason) = self.end
                && !self.writer.tokens().is_holding()
            {
                return self.complaint.take().map_or(Ok(Progress::Done(reason)), Err);
            }
            match self.advance(out) {
                Ok(Advance::Pending) => return Ok(Progress::CaughtUp),
                Ok(_) => {}
                Err(KubeletError::Read(error)) => return Err(error.into()),
                Err(complaint) => {
                    (self.end, self.complaint) = (Some(LogEnd::Source), Some(complaint));
                }
            }
        }
        Ok(Progress::More)
    }

    fn advance(&mut self, out: &mut Vec<u8>) -> Result<Advance, KubeletError> {
        let advance = self.lines.advance()?;
        let end = match advance {
            Advance::Line => self.write_next(out)?,
            Advance::End if self.follows => Some(LogEnd::ContainerExit),
            Advance::End => Some(LogEnd::Complete),
            Advance::Lost => Some(LogEnd::Gap),
            Advance::Pending => None,
        };
        match advance {
            Advance::End => self.writer.end_lines(),
            Advance::Lost => self.writer.cut_off(out),
            Advance::Line | Advance::Pending => {}
        }
        self.end = self.end.or(end);
        Ok(advance)
    }

    /// Writes the present line, or its present piece. Returns the reason to end after it, if any.
    fn write_next(&mut self, out: &mut Vec<u8>) -> Result<Option<LogEnd>, KubeletError> {
        let run = self.lines.physical().run();
        match run == self.run {
            true => self.writer.pass(self.lines.line().position),
            false => self.writer.end_lines(),
        }
        self.run = run;
        let is_at_limit = self.write_line(out)?;
        Ok(is_at_limit.then_some(LogEnd::Limit))
    }

    /// Writes the present line, or its present piece. Returns whether the limit is reached.
    fn write_line(&mut self, out: &mut Vec<u8>) -> Result<bool, KubeletError> {
        let line = self.lines.line();
        let (end, is_cut) = (self.lines.physical().next_position(), self.end.is_some());
        if line.is_continuation {
            let Some(PresentEntry { stream, partial, is_chosen }) = self.present else {
                return Ok(false);
            };
            let piece = EntryPiece {
                stream,
                content: line.bytes,
                is_chosen: is_chosen && !is_cut,
                is_finished: !partial && line.end == PhysicalEnd::Newline,
                goes_on: partial || line.end == PhysicalEnd::Continued,
                end,
            };
            return Ok(self.writer.write_on(&piece, out));
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
                self.end = self.end.or(Some(LogEnd::Gap));
                self.writer.cut_off(out);
            }
            return Ok(false);
        };
        if self.writer.is_of_stream(&entry) {
            self.lines_left = self.lines_left.map(|lines| lines.saturating_sub(1));
        }
        let is_chosen = !is_cut && self.writer.chooses(&entry)?;
        self.writer.begin(&entry.time, is_chosen, out);
        let stream = entry.stream.clone().ok().filter(|_| self.is_masked);
        let partial = entry.partial;
        self.present = Some(PresentEntry { stream, partial, is_chosen });
        // Docker's newline is in the content, and was there whatever comes after the line.
        let has_newline = line.end == PhysicalEnd::Newline || format == LineFormat::DockerJson;
        let piece = EntryPiece {
            stream,
            content: entry.content(line.bytes),
            is_chosen,
            is_finished: !partial && has_newline,
            goes_on: partial || line.end == PhysicalEnd::Continued,
            end,
        };
        Ok(self.writer.write_on(&piece, out))
    }
}

fn unsupported_format(line: &PhysicalLine<'_>) -> KubeletError {
    let mut text = line.bytes.to_vec();
    match line.end {
        PhysicalEnd::Newline | PhysicalEnd::EndOfFile => {
            mask_tokens(&mut text);
        }
        PhysicalEnd::Continued => mask_cut_off(&mut text),
    }
    text.extend((line.end == PhysicalEnd::Newline).then_some(b'\n'));
    KubeletError::UnsupportedFormat(text)
}
