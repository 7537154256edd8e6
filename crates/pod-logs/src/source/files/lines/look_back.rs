//! What stands before the place where a reading begins.

use std::{io, sync::Arc};

use shared_types::MAX_TOKEN_BYTES;

use super::{
    logical::JOIN_GAP_BYTES,
    physical_line::{Advance, PhysicalEnd, PhysicalLine},
    whole_lines::WholeLines,
};
use crate::{
    line::{masking::BegunToken, stream::OutputStream},
    source::files::{
        format::line_format::LineFormat,
        storage::chain::{FileChain, Until},
    },
};

/// How much is looked at first, in bytes. What ends further back goes on in no reading.
const MIN_WINDOW_BYTES: u64 = JOIN_GAP_BYTES + 16 * 1024;
/// How much is looked at last, in bytes: a token of fragments of a byte each, as far apart as can
/// be.
const MAX_WINDOW_BYTES: u64 = 64 * JOIN_GAP_BYTES;

/// The tokens of each stream that may have begun before the chain, and go on in it.
///
/// Reads ends of the preceding text, each four times as long as the one before.
///
/// # Errors
/// When a file cannot be read.
pub(crate) fn tokens_before(chain: &FileChain) -> io::Result<[BegunToken; 2]> {
    let Some(before) = chain.before() else {
        return Ok(Default::default());
    };
    let mut window = MIN_WINDOW_BYTES;
    loop {
        let end = before.last(window);
        let look = LookBack::read(&end)?;
        if look.knows_all() || window >= MAX_WINDOW_BYTES || end.is_as_long_as(&before) {
            return Ok(look.tokens_of(chain.start));
        }
        window = window.saturating_mul(4);
    }
}

/// What was read before the beginning of a reading.
#[derive(Default)]
struct LookBack {
    streams: [StreamEnd; 2],
    /// Where the first line begins that was read: a longer one may end there.
    start: u64,
    /// Where the reading begins.
    end: u64,
    /// The stream of a physical line that has further pieces, and whether the line goes on.
    continued: Option<(OutputStream, bool)>,
}

/// The end of a stream.
#[derive(Default)]
struct StreamEnd {
    token: BegunToken,
    /// Where its last fragment ends.
    end: u64,
    /// How much was seen of its last line, in bytes.
    seen: usize,
    /// The last line was seen from its beginning.
    is_whole: bool,
}

impl LookBack {
    fn read(chain: &FileChain) -> io::Result<Self> {
        let mut lines = WholeLines::new(chain)?;
        let start = lines.physical().next_position();
        let mut look = Self { start, ..Self::default() };
        loop {
            match lines.advance()? {
                Advance::Line if is_beyond(&lines, chain.until) => break,
                Advance::Line => look.take(&lines.line(), lines.physical().next_position()),
                Advance::Lost => look = Self { start, ..Self::default() },
                Advance::Pending | Advance::End => break,
            }
            look.end = lines.physical().next_position();
        }
        Ok(look)
    }

    fn take(&mut self, line: &PhysicalLine<'_>, line_end: u64) {
        if line.is_continuation {
            if let Some((stream, partial)) = self.continued {
                self.join(
                    stream,
                    line.bytes,
                    partial || line.end != PhysicalEnd::Newline,
                    line_end,
                );
            }
            return;
        }
        self.continued = None;
        let format = match line.bytes.first() {
            Some(b'{') => LineFormat::DockerJson,
            _ => LineFormat::Cri,
        };
        let Some(entry) = format.parse(line.bytes) else { return };
        let Ok(stream) = entry.stream else { return };
        let goes_on = entry.partial || line.end == PhysicalEnd::Continued;
        if line.end == PhysicalEnd::Continued {
            self.continued = Some((stream, entry.partial));
        }
        self.begin_fragment(stream, line.position);
        self.join(stream, entry.content(line.bytes), goes_on, line_end);
    }

    /// A fragment too far behind the one before begins a line.
    fn begin_fragment(&mut self, stream: OutputStream, position: u64) {
        let of_stream = &mut self.streams[stream as usize];
        if of_stream.end > 0 && position >= of_stream.end + JOIN_GAP_BYTES {
            *of_stream = StreamEnd { is_whole: true, ..StreamEnd::default() };
        }
    }

    fn join(&mut self, stream: OutputStream, fragment: &[u8], goes_on: bool, end: u64) {
        let of_stream = &mut self.streams[stream as usize];
        if !goes_on {
            *of_stream = StreamEnd { is_whole: true, ..StreamEnd::default() };
        } else if !fragment.is_empty() {
            of_stream.token.join(fragment);
            of_stream.seen += fragment.len();
            of_stream.end = end;
        }
    }

    /// Whether nothing further back takes part in a token that goes on.
    fn knows_all(&self) -> bool {
        self.streams.iter().all(|stream| {
            let is_far = stream.end.max(self.start) + JOIN_GAP_BYTES <= self.end;
            is_far || stream.is_whole || stream.seen >= MAX_TOKEN_BYTES
        })
    }

    /// What may go on in a reading that begins here, at this position as it counts.
    fn tokens_of(self, start: u64) -> [BegunToken; 2] {
        let end = self.end;
        self.streams.map(|StreamEnd { token, end: fragment_end, .. }| {
            let valid_until = (start + fragment_end + JOIN_GAP_BYTES).saturating_sub(end);
            BegunToken { valid_until, ..token }
        })
    }
}

/// Whether the present line stands where the reading begins, or behind.
fn is_beyond(lines: &WholeLines, until: Option<Until>) -> bool {
    let place = lines.physical().place_of(lines.line().position);
    let (Some(until), Some(place)) = (until, place) else {
        return false;
    };
    let is_in_last =
        lines.physical().last_file().is_some_and(|last| Arc::ptr_eq(last, &place.file));
    is_in_last && place.offset >= until.mark.offset
}
