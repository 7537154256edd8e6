//! Where in a line patterns match, for clients whose regular expressions differ from ours.

use std::{io, ops::Range};

use regex_automata::{
    Anchored, Input,
    hybrid::dfa::{Cache, DFA},
};

use super::line_pattern::{LinePattern, PatternCache};
use crate::{line::ansi::plain_parts, pace};

/// How many hits a line has at most.
const MAX_HITS: usize = 32;

/// Finds where the matches of a pattern begin.
#[derive(Debug)]
pub(super) struct HitStarts {
    dfa: DFA,
    cache: Cache,
}

impl HitStarts {
    /// `None` if it would take too much memory.
    pub(super) fn of(pattern: &LinePattern) -> Option<Self> {
        let dfa = pattern.backward()?;
        Some(Self { cache: dfa.create_cache(), dfa })
    }
}

/// Adds the matches of a pattern that are not empty, up to the bound of all. Of a text that may
/// take long the beginning is looked at.
pub(super) fn find_hits(
    pattern: &LinePattern,
    ends: &mut PatternCache,
    starts: &mut HitStarts,
    text: &[u8],
    hits: &mut Vec<Range<usize>>,
) -> io::Result<()> {
    let limit = text.len().min(pattern.bytes_at_once());
    let mut from = 0;
    while hits.len() < MAX_HITS && from <= limit {
        pace::step()?;
        let ahead = Input::new(text).span(from..limit);
        let end = pattern.forward().try_search_fwd(&mut ends.dfa, &ahead);
        let Some(end) = end.map_err(io::Error::other)? else { break };
        let end = end.offset();
        let behind = Input::new(text).span(from..end).anchored(Anchored::Yes);
        let start = starts.dfa.try_search_rev(&mut starts.cache, &behind);
        let Some(start) = start.map_err(io::Error::other)? else { break };
        if start.offset() < end {
            hits.push(start.offset()..end);
        }
        from = if end > from { end } else { from + 1 };
    }
    Ok(())
}

/// Sorts hits, makes one of those that overlap, and gives their places in the line whose text they
/// are of.
pub(super) fn in_line(mut hits: Vec<Range<usize>>, line: &[u8]) -> Vec<[usize; 2]> {
    hits.sort_unstable_by_key(|hit| hit.start);
    hits.dedup_by(|later, earlier| {
        let overlaps = later.start < earlier.end;
        if overlaps {
            earlier.end = earlier.end.max(later.end);
        }
        overlaps
    });
    hits.iter().map(|hit| [start_in(line, hit.start), end_in(line, hit.end)]).collect()
}

/// Where in the line the character is that is there in its text.
fn start_in(line: &[u8], at: usize) -> usize {
    let mut before = 0;
    for part in plain_parts(line) {
        if at < before + part.len() {
            return part.start + at - before;
        }
        before += part.len();
    }
    line.len()
}

/// Where in the line the character ends that ends there in its text, which is not the beginning.
fn end_in(line: &[u8], at: usize) -> usize {
    start_in(line, at - 1) + 1
}
