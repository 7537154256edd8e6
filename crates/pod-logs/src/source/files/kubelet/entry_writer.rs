//! The kubelet's writing of a log (`logWriter` in `logs.go`).

use chrono::{DateTime, Utc};

use super::{
    options::{KubeletError, KubeletOptions},
    token_mask::{Fragment, TokenMask},
};
use crate::{
    counts::ReadCounts,
    line::{
        masking::{BegunToken, mask_tokens},
        stream::OutputStream,
        time::LineTime,
    },
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
    tokens: TokenMask,
    /// Where the present chunk begins in what it is written to.
    chunk_start: usize,
}

/// What a line of the file says, or a piece of one.
#[derive(Debug)]
pub(super) struct EntryPiece<'a> {
    /// `None` if it is neither of the two.
    pub(super) stream: Option<OutputStream>,
    pub(super) content: &'a [u8],
    pub(super) is_chosen: bool,
    /// Its line ends with it, with a newline.
    pub(super) is_finished: bool,
    /// More of its line may come.
    pub(super) goes_on: bool,
    /// Where it ends in the file.
    pub(super) end: u64,
}

/// An entry whose stream may be unknown: the kubelet minds that only when it writes.
pub(super) type LenientEntry = LogEntry<Result<OutputStream, UnknownStream>>;

impl EntryWriter {
    /// Begins where these tokens may have begun.
    pub(super) fn new(options: &KubeletOptions, before: [BegunToken; 2]) -> Self {
        Self {
            // Without a time the kubelet compares all the same, with Go's zero.
            since: options.since.unwrap_or_else(|| LineTime::GO_ZERO.instant()),
            until: options.until,
            stream: options.stream,
            timestamps: options.timestamps,
            bytes_left: options.limit_bytes,
            is_line_start: true,
            counts: ReadCounts::default(),
            tokens: TokenMask::new(before),
            chunk_start: 0,
        }
    }

    /// How much was written.
    pub(super) fn counts(&self) -> ReadCounts {
        ReadCounts { masked: self.tokens.masked(), ..self.counts }
    }

    /// The tokens in what is written.
    pub(super) fn tokens(&self) -> &TokenMask {
        &self.tokens
    }

    /// Begins a chunk with what could not be given out before.
    pub(super) fn begin_chunk(&mut self, out: &mut Vec<u8>) {
        self.chunk_start = out.len();
        self.tokens.take_up(out);
    }

    /// Takes back the end of the chunk if it cannot be given out yet.
    pub(super) fn end_chunk(&mut self, out: &mut Vec<u8>) {
        self.tokens.hold_back(self.chunk_start, out);
    }

    /// No line goes on.
    pub(super) fn end_lines(&mut self) {
        self.tokens.end_lines();
    }

    /// No line goes on that ended so far before this position.
    pub(super) fn pass(&mut self, position: u64) {
        self.tokens.pass(position);
    }

    /// The lines go on, and are not read further.
    pub(super) fn cut_off(&mut self, out: &mut [u8]) {
        self.tokens.cut_off(&mut out[self.chunk_start..]);
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
            Err(UnknownStream(name)) => {
                let mut name = name.clone();
                mask_tokens(&mut name);
                Err(KubeletError::UnexpectedStream(name))
            }
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
    pub(super) fn write_on(&mut self, piece: &EntryPiece<'_>, out: &mut Vec<u8>) -> bool {
        let EntryPiece { content, is_finished, is_chosen, .. } = *piece;
        self.is_line_start = is_finished || (self.is_line_start && content.is_empty());
        let start = out.len();
        if is_chosen {
            out.extend_from_slice(content);
            out.extend(is_finished.then_some(b'\n'));
            self.cut(start, out);
        }
        if let Some(stream) = piece.stream {
            let fragment = Fragment {
                stream,
                content,
                is_last: !piece.goes_on,
                place: start - self.chunk_start,
                written: content.len().min(out.len() - start),
                end: piece.end,
            };
            self.tokens.mask(&fragment, &mut out[self.chunk_start..]);
        }
        is_chosen && self.bytes_left == Some(0)
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
