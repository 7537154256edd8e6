//! The kubelet's writing of a log (`logWriter` in `logs.go`).

use chrono::{DateTime, Utc};

use super::options::{KubeletError, KubeletOptions};
use crate::{
    counts::ReadCounts,
    line::{stream::OutputStream, time::LineTime},
    source::files::format::entry::{LogEntry, UnknownStream},
};

/// Chooses entries and writes them.
#[derive(Debug)]
pub(super) struct EntryWriter {
    since: DateTime<Utc>,
    until: Option<DateTime<Utc>>,
    stream: Option<OutputStream>,
    timestamps: bool,
    bytes_left: Option<u64>,
    /// The next entry begins a line: the one before ended with a newline, or was empty. The
    /// kubelet asks neither which stream it was of nor whether it was chosen.
    is_line_start: bool,
    counts: ReadCounts,
}

/// An entry whose stream may be unknown: the kubelet minds that only when it writes.
pub(super) type LenientEntry = LogEntry<Result<OutputStream, UnknownStream>>;

impl EntryWriter {
    pub(super) fn new(options: &KubeletOptions) -> Self {
        Self {
            // Without a time the kubelet compares all the same, with Go's zero.
            since: options.since.unwrap_or_else(|| LineTime::GO_ZERO.instant()),
            until: options.until,
            stream: options.stream,
            timestamps: options.timestamps,
            bytes_left: options.limit_bytes,
            is_line_start: true,
            counts: ReadCounts::default(),
        }
    }

    /// How much was written.
    pub(super) fn counts(&self) -> ReadCounts {
        self.counts
    }

    pub(super) fn is_of_stream(&self, entry: &LenientEntry) -> bool {
        self.stream.is_none_or(|stream| entry.stream == Ok(stream))
    }

    pub(super) fn chooses(&self, entry: &LenientEntry) -> Result<bool, KubeletError> {
        let instant = entry.time.instant();
        if instant < self.since || self.until.is_some_and(|until| until <= instant) {
            return Ok(false);
        }
        match &entry.stream {
            Ok(_) => Ok(self.is_of_stream(entry)),
            Err(UnknownStream(name)) => Err(KubeletError::UnexpectedStream(name.clone())),
        }
    }

    pub(super) fn begin(&mut self, time: &LineTime, is_chosen: bool, out: &mut Vec<u8>) {
        if is_chosen && self.is_line_start {
            self.counts.lines += 1;
            if self.timestamps {
                let start = out.len();
                time.write_stamp(out);
                out.push(b' ');
                self.cut(start, out);
            }
        }
        // Until there is something.
        self.is_line_start = true;
    }

    /// Writes content of the entry. Whether the limit is reached is the answer.
    pub(super) fn write_on(
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

    /// Cuts what was just written to what the limit leaves, and counts it.
    fn cut(&mut self, start: usize, out: &mut Vec<u8>) {
        if let Some(left) = &mut self.bytes_left {
            let written = (out.len() - start) as u64;
            let kept = written.min(*left);
            // What is cut off was just written, so it fits.
            out.truncate(start + kept as usize);
            *left -= kept;
        }
        self.counts.bytes += (out.len() - start) as u64;
    }
}
