//! Passes over lines that no pattern can match, without looking at each of them.
//!
//! A block of lines as they stand in a file is searched for literals of which every match contains
//! one. Between two of them nothing can match, as long as lines are in the CRI format, whole and
//! without escape sequences: else a literal may be in a line that was joined, decoded or freed from
//! escape sequences, and not in the file. Lines that are not so are looked at one by one.

use std::sync::Arc;

use memchr::{
    memchr, memchr2,
    memmem::{Finder, FinderRev},
    memrchr,
};

use crate::{
    line::{
        filter::{LineFilter, line_patterns::LinePatterns},
        level::{Level, begins_with_exception, continues},
        stream::OutputStream,
    },
    source::files::format::entry::LogEntry,
};

/// Begins an escape sequence.
const ESC: u8 = 0x1B;
/// What is looked at first, in bytes.
const FIRST_WINDOW_BYTES: usize = 4 * 1024;

/// Finds lines that a filter may let pass, or that tell the level of such a line.
#[derive(Debug)]
pub(crate) struct BlockSearch {
    patterns: Arc<LinePatterns>,
    asks_for_levels: bool,
    /// In the head of a line that is not whole.
    partial: [Finder<'static>; 2],
    /// Begins a line of Docker's.
    docker: Finder<'static>,
    /// In the head of each line of a stream, and maybe in the content of others.
    streams: [(OutputStream, FinderRev<'static>); 2],
}

impl BlockSearch {
    /// `None` if the filter's patterns require no literals, or lines around them are wanted.
    pub(crate) fn of(filter: &LineFilter) -> Option<Self> {
        let patterns = filter.patterns.clone()?;
        patterns.literals().filter(|_| filter.context() == 0)?;
        Some(Self {
            patterns,
            asks_for_levels: filter.asks_for_levels(),
            partial: [Finder::new("stdout P"), Finder::new("stderr P")],
            docker: Finder::new("\n{"),
            streams: [
                (OutputStream::Stdout, FinderRev::new(" stdout ")),
                (OutputStream::Stderr, FinderRev::new(" stderr ")),
            ],
        })
    }

    /// How many bytes of these whole lines, in which no line from before goes on, may be passed
    /// over. The last line is never among them, so that the time of what was passed over is known.
    ///
    /// What is looked at is in proportion to the result.
    pub(crate) fn idle_bytes(&self, lines: &[u8]) -> usize {
        let Some(last) = lines.len().checked_sub(1) else {
            return 0;
        };
        let lines = &lines[..line_start(lines, last)];
        let (mut idle, mut window) = (0, FIRST_WINDOW_BYTES);
        while idle < lines.len() {
            let part = whole_lines(&lines[idle..], window);
            let passed = self.idle_in(part);
            idle += passed;
            if passed < part.len() {
                break;
            }
            window *= 4;
        }
        if self.asks_for_levels { self.before_last_heads(&lines[..idle]) } else { idle }
    }

    /// Whether a line, with its newline, can be passed over as far as it stands by itself.
    pub(super) fn is_idle(&self, line: &[u8]) -> bool {
        self.idle_in(line) == line.len()
    }

    fn idle_in(&self, lines: &[u8]) -> usize {
        let literals = self.patterns.literals();
        let found = literals.and_then(|literals| literals.find(lines, (0..lines.len()).into()));
        let idle = found.map_or(lines.len(), |found| line_start(lines, found.start));
        self.before_unusual_line(&lines[..idle])
    }

    /// How many bytes come before the first line that has to be looked at by itself.
    fn before_unusual_line(&self, lines: &[u8]) -> usize {
        let mut end = if lines.starts_with(b"{") { 0 } else { lines.len() };
        // NUL bytes may stand before a line of any format.
        end = memchr2(ESC, 0, &lines[..end]).unwrap_or(end);
        for finder in &self.partial {
            end = finder.find(&lines[..end]).unwrap_or(end);
        }
        end = self.docker.find(&lines[..end]).map_or(end, |newline| newline + 1);
        if end < lines.len() { line_start(lines, end) } else { end }
    }

    /// How many bytes come before the first of the lines whose level later lines may have.
    fn before_last_heads(&self, lines: &[u8]) -> usize {
        let heads =
            self.streams.iter().filter_map(|(stream, finder)| last_head(lines, *stream, finder));
        heads.min().unwrap_or(lines.len())
    }
}

/// Where the line begins in which this byte is.
fn line_start(lines: &[u8], at: usize) -> usize {
    memrchr(b'\n', &lines[..at]).map_or(0, |newline| newline + 1)
}

/// The whole lines in the first so many bytes; one line if it is longer.
fn whole_lines(lines: &[u8], bytes: usize) -> &[u8] {
    let end = match memrchr(b'\n', &lines[..lines.len().min(bytes)]) {
        Some(newline) => newline + 1,
        None => memchr(b'\n', lines).map_or(lines.len(), |newline| newline + 1),
    };
    &lines[..end]
}

/// Where the last line of a stream begins that has the level of no line before; if there is none, the
/// first exception, whose level depends on the line before.
fn last_head(lines: &[u8], stream: OutputStream, finder: &FinderRev<'static>) -> Option<usize> {
    let (mut end, mut exception) = (lines.len(), None);
    while let Some(found) = finder.rfind(&lines[..end]) {
        let start = line_start(lines, found);
        let line = &lines[start..];
        let line = &line[..memchr(b'\n', line).unwrap_or(line.len())];
        end = start;
        let entry = LogEntry::parse(line).filter(|entry| entry.stream == stream);
        let Some(entry) = entry else { continue };
        let text = entry.content(line);
        let is_exception = begins_with_exception(text);
        if !(is_exception || continues(text)) || Level::shown_by(text).is_some() {
            return Some(start);
        }
        if is_exception {
            exception = Some(start);
        }
    }
    exception
}
