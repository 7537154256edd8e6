//! The kubelet's reading and writing of a log (`ReadLogs` and `logWriter` in `logs.go`).

use std::io;

use chrono::{DateTime, Utc};

use super::{quote::Quoted, tail, whole_lines::WholeLines};
use crate::logs::{
    file::Chain,
    format::{Entry, LineFormat, LineTime, Stream, UnknownStream},
    physical::{Advance, LineEnd, PhysicalLine, PhysicalLines},
    render::{EndReason, Progress},
};

/// What a chunk has at least, unless the log ends, in bytes; at most a line more.
const CHUNK_BYTES: usize = 256 * 1024;
/// How much is read for one chunk at most, in bytes, so that a reader who left is noticed however
/// few lines are chosen.
const SCAN_BYTES: u64 = 16 * 1024 * 1024;

/// What is asked for, in the words of Kubernetes' `PodLogOptions`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct KubeletOptions {
    /// Lines of the file, finished ones, before `since` takes some of them away. With `stream`
    /// lines of that stream, which Kubernetes does not allow together.
    pub(crate) tail_lines: Option<u64>,
    /// Only lines of this time or later. `sinceSeconds` has been subtracted from the time it is.
    pub(crate) since: Option<DateTime<Utc>>,
    /// Of what is written, time stamps included.
    pub(crate) limit_bytes: Option<u64>,
    pub(crate) timestamps: bool,
    /// `None`: all.
    pub(crate) stream: Option<Stream>,
    /// The log's last file grows, or others come after it. A line is not read before its end is
    /// there.
    pub(crate) follow: bool,
}

/// Why the kubelet reads no further, in its words.
#[derive(Debug, thiserror::Error)]
pub(crate) enum KubeletError {
    /// The first line that is read, with its newline.
    #[error("failed to get parse function: unsupported log format: {}", Quoted(.0))]
    UnsupportedFormat(Vec<u8>),
    #[error("unexpected stream type {}", Quoted(.0))]
    UnexpectedStream(Vec<u8>),
    #[error("failed to read log file: {0}")]
    Read(#[from] io::Error),
}

/// Writes what the kubelet would write.
///
/// To follow, mark the chain's last file as growing before, and call
/// [`write_chunk`](Self::write_chunk) again whenever it grew. The kubelet ends with the container:
/// then complete the file and expect no more.
#[derive(Debug)]
pub(crate) struct KubeletRendering {
    lines: WholeLines,
    follows: bool,
    /// How many lines may still be read.
    lines_left: Option<u64>,
    /// That of the first line, which the kubelet holds to.
    format: Option<LineFormat>,
    /// The present line, if it could be read: it may have further pieces.
    present: Option<Present>,
    writer: Writer,
    /// Why the log ended, once it did.
    end: Option<EndReason>,
}

/// What is known of a line from its beginning.
#[derive(Debug, Clone, Copy)]
struct Present {
    partial: bool,
    is_chosen: bool,
}

impl KubeletRendering {
    /// Ready to write: the files were read as far as is needed to find where the tail begins.
    pub(crate) fn new(chain: &Chain, options: &KubeletOptions) -> io::Result<Self> {
        let mut lines = match options.tail_lines {
            Some(wanted) => WholeLines::new(&tail::find(chain, wanted, options.stream)?)?,
            None => WholeLines::new(chain)?,
        };
        lines.physical_mut().expect_more(options.follow);
        Ok(Self {
            lines,
            follows: options.follow,
            lines_left: options.tail_lines.filter(|_| !options.follow),
            format: None,
            present: None,
            writer: Writer::new(options),
            end: None,
        })
    }

    /// Here further files are appended, and here it is told that none will come.
    pub(crate) fn lines_mut(&mut self) -> &mut PhysicalLines {
        self.lines.physical_mut()
    }

    /// Writes the next chunk behind what stands in `out`. May write nothing though more follows:
    /// then nothing was chosen of what was read. After an error there is no more.
    pub(crate) fn write_chunk(&mut self, out: &mut Vec<u8>) -> Result<Progress, KubeletError> {
        let scan_end = self.lines.physical().bytes_read().saturating_add(SCAN_BYTES);
        while out.len() < CHUNK_BYTES && self.lines.physical().bytes_read() < scan_end {
            if self.lines_left == Some(0) {
                self.end = Some(EndReason::Complete);
            }
            if let Some(reason) = self.end {
                return Ok(Progress::Done(reason));
            }
            let advance = self.advance(out).inspect_err(|_| self.end = Some(EndReason::Source))?;
            if advance == Advance::Pending {
                return Ok(Progress::CaughtUp);
            }
        }
        Ok(Progress::More)
    }

    fn advance(&mut self, out: &mut Vec<u8>) -> Result<Advance, KubeletError> {
        let advance = self.lines.advance()?;
        match advance {
            Advance::Line if self.write_line(out)? => self.end = Some(EndReason::Limit),
            Advance::End if self.follows => self.end = Some(EndReason::ContainerExit),
            Advance::End => self.end = Some(EndReason::Complete),
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
            let is_finished = !present.partial && line.end == LineEnd::Newline;
            return Ok(self.writer.write_on(line.bytes, is_finished, present.is_chosen, out));
        }
        self.present = None;
        if self.follows && line.end == LineEnd::EndOfFile {
            // The kubelet waits for its newline, and then goes to another file.
            return Ok(false);
        }
        let format = match self.format {
            Some(format) => format,
            None => LineFormat::of(line.bytes).ok_or_else(|| unsupported_format(&line))?,
        };
        self.format = Some(format);
        // A line that cannot be read is none.
        let Some(entry) = format.parse(line.bytes) else {
            return Ok(false);
        };
        if self.writer.is_of_stream(&entry) {
            self.lines_left = self.lines_left.map(|lines| lines.saturating_sub(1));
        }
        let is_chosen = self.writer.chooses(&entry)?;
        self.writer.begin(&entry.time, is_chosen, out);
        self.present = Some(Present { partial: entry.partial, is_chosen });
        // Docker's newline is in the content, and was there whatever comes after the line.
        let has_newline = line.end == LineEnd::Newline || format == LineFormat::DockerJson;
        let is_finished = !entry.partial && has_newline;
        let content = entry.content(line.bytes);
        Ok(self.writer.write_on(content, is_finished, is_chosen, out))
    }
}

fn unsupported_format(line: &PhysicalLine<'_>) -> KubeletError {
    let mut text = line.bytes.to_vec();
    if line.end == LineEnd::Newline {
        text.push(b'\n');
    }
    KubeletError::UnsupportedFormat(text)
}

/// Chooses entries and writes them.
#[derive(Debug)]
struct Writer {
    since: DateTime<Utc>,
    stream: Option<Stream>,
    timestamps: bool,
    bytes_left: Option<u64>,
    /// The next entry begins a line: the one before ended with a newline, or was empty. The
    /// kubelet asks neither which stream it was of nor whether it was chosen.
    is_line_start: bool,
}

type LenientEntry = Entry<Result<Stream, UnknownStream>>;

impl Writer {
    fn new(options: &KubeletOptions) -> Self {
        Self {
            // Without a time the kubelet compares all the same, with Go's zero.
            since: options.since.unwrap_or_else(|| LineTime::GO_ZERO.instant()),
            stream: options.stream,
            timestamps: options.timestamps,
            bytes_left: options.limit_bytes,
            is_line_start: true,
        }
    }

    fn is_of_stream(&self, entry: &LenientEntry) -> bool {
        self.stream.is_none_or(|stream| entry.stream == Ok(stream))
    }

    fn chooses(&self, entry: &LenientEntry) -> Result<bool, KubeletError> {
        if entry.time.instant() < self.since {
            return Ok(false);
        }
        match &entry.stream {
            Ok(_) => Ok(self.is_of_stream(entry)),
            Err(UnknownStream(name)) => Err(KubeletError::UnexpectedStream(name.clone())),
        }
    }

    fn begin(&mut self, time: &LineTime, is_chosen: bool, out: &mut Vec<u8>) {
        if is_chosen && self.timestamps && self.is_line_start {
            let start = out.len();
            time.write_stamp(out);
            out.push(b' ');
            self.cut(start, out);
        }
        // Until there is something.
        self.is_line_start = true;
    }

    /// Writes content of the entry. Whether the limit is reached is the answer.
    fn write_on(
        &mut self,
        content: &[u8],
        is_finished: bool,
        is_chosen: bool,
        out: &mut Vec<u8>,
    ) -> bool {
        self.is_line_start = is_finished || (self.is_line_start && content.is_empty());
        if !is_chosen {
            return false;
        }
        let start = out.len();
        out.extend_from_slice(content);
        out.extend(is_finished.then_some(b'\n'));
        self.cut(start, out);
        self.bytes_left == Some(0)
    }

    /// Cuts what was just written to what the limit leaves.
    fn cut(&mut self, start: usize, out: &mut Vec<u8>) {
        if let Some(left) = &mut self.bytes_left {
            let written = (out.len() - start) as u64;
            let kept = written.min(*left);
            // What is cut off was just written, so it fits.
            out.truncate(start + kept as usize);
            *left -= kept;
        }
    }
}
