//! The patterns of a reading.

use std::{
    io,
    sync::{Mutex, MutexGuard, PoisonError},
};

use regex_automata::util::prefilter::Prefilter;

use super::{
    MAX_CLASSES, MAX_COMPILED_BYTES, MAX_PATTERNS,
    hits::{HitStarts, find_hits, in_line},
    line_pattern::{LinePattern, PatternBudget, PatternCache},
    pattern_error::PatternError,
};
use crate::line::ansi::without_escapes;

/// Regular expressions of which each of one kind must match a line, and none of the other kind.
///
/// They judge the text of a line without its escape sequences. `\b` is a boundary of ASCII words.
#[derive(Debug)]
pub struct LinePatterns {
    grep: Vec<LinePattern>,
    exclude: Vec<LinePattern>,
    /// Of all patterns, `grep` first.
    caches: Mutex<Vec<PatternCache>>,
    /// Of the patterns that must match, once hits are asked for.
    starts: Mutex<Option<Vec<Option<HitStarts>>>>,
}

/// A pattern that is refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BadPattern {
    /// It was to match no line.
    pub excludes: bool,
    /// Why it is refused.
    pub error: PatternError,
}

impl LinePatterns {
    /// Compiles patterns that must match, and patterns that must not.
    ///
    /// # Errors
    /// When there are more than 16, or one has more than 4 KiB, is not a regular expression or
    /// takes too much memory.
    pub fn new<P: AsRef<str>>(grep: &[P], exclude: &[P]) -> Result<Self, BadPattern> {
        if grep.len() + exclude.len() > MAX_PATTERNS {
            let excludes = exclude.len() > grep.len();
            return Err(BadPattern { excludes, error: PatternError::TooMany });
        }
        let mut left = PatternBudget { bytes: MAX_COMPILED_BYTES, classes: MAX_CLASSES };
        let mut compile = |patterns: &[P], excludes: bool| {
            let each = patterns.iter().map(|pattern| LinePattern::new(pattern.as_ref(), &mut left));
            each.collect::<Result<Vec<_>, _>>().map_err(|error| BadPattern { excludes, error })
        };
        let (grep, exclude) = (compile(grep, false)?, compile(exclude, true)?);
        let caches = grep.iter().chain(&exclude).map(LinePattern::cache).collect();
        Ok(Self { grep, exclude, caches: Mutex::new(caches), starts: Mutex::default() })
    }

    /// Whether every pattern that must match the text does, and no other.
    ///
    /// # Errors
    /// When the reading is not wanted any more.
    pub(crate) fn choose(&self, text: &[u8]) -> io::Result<bool> {
        let mut caches = self.caches();
        let (of_grep, of_exclude) = caches.split_at_mut(self.grep.len());
        for (pattern, cache) in self.grep.iter().zip(of_grep) {
            if !pattern.is_match(text, cache)? {
                return Ok(false);
            }
        }
        for (pattern, cache) in self.exclude.iter().zip(of_exclude) {
            if pattern.is_match(text, cache)? {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// Where in a line the patterns match that have to.
    ///
    /// # Errors
    /// When the reading is not wanted any more.
    pub(super) fn hits(&self, line: &[u8]) -> io::Result<Vec<[usize; 2]>> {
        let mut starts = self.starts.lock().unwrap_or_else(PoisonError::into_inner);
        let starts = starts.get_or_insert_with(|| self.grep.iter().map(HitStarts::of).collect());
        let mut buffer = Vec::new();
        let text = without_escapes(line, &mut buffer);
        let mut hits = Vec::new();
        for ((pattern, ends), starts) in self.grep.iter().zip(&mut *self.caches()).zip(starts) {
            if let Some(starts) = starts {
                find_hits(pattern, ends, starts, text, &mut hits)?;
            }
        }
        Ok(in_line(hits, line))
    }

    /// Finds texts of which every line that is chosen contains one, unless escape sequences stand
    /// between its parts.
    pub(crate) fn literals(&self) -> Option<&Prefilter> {
        let each = || self.grep.iter().filter_map(LinePattern::literals);
        each().find(|literals| literals.is_fast()).or_else(|| each().next())
    }

    fn caches(&self) -> MutexGuard<'_, Vec<PatternCache>> {
        // A cache that is left in the middle of a search is still right.
        self.caches.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl PartialEq for LinePatterns {
    fn eq(&self, other: &Self) -> bool {
        let sources = |patterns: &[LinePattern]| -> Vec<String> {
            patterns.iter().map(|pattern| pattern.source.clone()).collect()
        };
        sources(&self.grep) == sources(&other.grep)
            && sources(&self.exclude) == sources(&other.exclude)
    }
}

impl Eq for LinePatterns {}
