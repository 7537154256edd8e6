//! One regular expression, and how a line is matched against it.
//!
//! A lazy DFA looks at each byte once. A state of it that is not known yet takes as long to find as
//! the expression has states; how much of that there may be before others get a turn is bounded.

use std::io;

use regex_automata::{
    Input, MatchKind,
    hybrid::dfa::{Cache, DFA},
    nfa::thompson::{self, NFA, WhichCaptures},
    util::prefilter::Prefilter,
};
use regex_syntax::{
    ast::parse::ParserBuilder,
    hir::{Hir, translate::TranslatorBuilder},
};

use super::{
    MAX_COMPILED_BYTES, MAX_PATTERN_BYTES, ascii_boundaries::with_ascii_boundaries,
    class_bound::take_classes, pattern_error::PatternError, required_literals::required_literals,
};
use crate::pace;

/// How deep the groups of an expression may lie in each other.
const MAX_NESTING: u32 = 100;
/// How much of the automaton is kept, in bytes.
const CACHE_BYTES: usize = 256 * 1024;
/// How much may be done between two steps of a reading: bytes looked at, times the states of the
/// expression.
const MAX_WORK: u64 = 4 * 1024 * 1024;

/// A compiled regular expression.
#[derive(Debug)]
pub(super) struct LinePattern {
    pub(super) source: String,
    dfa: DFA,
    hir: Hir,
    /// Finds texts of which every match contains one.
    literals: Option<Prefilter>,
}

/// What the expressions of a reading may still take.
#[derive(Debug)]
pub(super) struct PatternBudget {
    /// Of memory, compiled.
    pub(super) bytes: usize,
    /// Sets and ranges of characters.
    pub(super) classes: usize,
}

/// What the matching of lines against a pattern keeps.
#[derive(Debug)]
pub(super) struct PatternCache {
    pub(super) dfa: Cache,
    /// Done since the last step of the reading.
    work: u64,
}

impl LinePattern {
    /// Compiles an expression, and takes what it needs from what is left.
    pub(super) fn new(source: &str, left: &mut PatternBudget) -> Result<Self, PatternError> {
        if source.len() > MAX_PATTERN_BYTES {
            return Err(PatternError::TooLong);
        }
        let hir = with_ascii_boundaries(parse(source, &mut left.classes)?);
        let nfa = compile(&hir, false, left.bytes)?;
        left.bytes = left.bytes.saturating_sub(nfa.memory_usage());
        let dfa = automaton(nfa, MatchKind::LeftmostFirst)?;
        let literals = required_literals(&hir)
            .and_then(|literals| Prefilter::new(MatchKind::LeftmostFirst, &literals));
        Ok(Self { source: source.to_owned(), dfa, hir, literals })
    }

    /// Finds texts of which every match contains one.
    pub(super) fn literals(&self) -> Option<&Prefilter> {
        self.literals.as_ref()
    }

    pub(super) fn cache(&self) -> PatternCache {
        PatternCache { dfa: self.dfa.create_cache(), work: 0 }
    }

    /// The automaton that finds where a match ends.
    pub(super) fn forward(&self) -> &DFA {
        &self.dfa
    }

    /// An automaton that finds where a match begins, from its end. `None` if it would be too large.
    pub(super) fn backward(&self) -> Option<DFA> {
        let nfa = compile(&self.hir, true, MAX_COMPILED_BYTES).ok()?;
        automaton(nfa, MatchKind::All).ok()
    }

    /// How many bytes may be looked at between two steps of a reading.
    pub(super) fn bytes_at_once(&self) -> usize {
        (MAX_WORK / self.work(1)).max(1) as usize
    }

    /// The work of looking at so many bytes, if each takes as long as it can.
    fn work(&self, bytes: usize) -> u64 {
        bytes as u64 * self.dfa.get_nfa().states().len() as u64
    }

    /// Whether the text contains a match.
    ///
    /// # Errors
    /// When the reading is not wanted any more.
    pub(super) fn is_match(&self, text: &[u8], cache: &mut PatternCache) -> io::Result<bool> {
        if let Some(literals) = &self.literals
            && literals.find(text, (0..text.len()).into()).is_none()
        {
            return Ok(false);
        }
        let work = self.work(text.len());
        if work > MAX_WORK {
            return self.is_match_in_steps(text, cache);
        }
        cache.work += work;
        if cache.work > MAX_WORK {
            cache.work = 0;
            pace::step()?;
        }
        let input = Input::new(text).earliest(true);
        let found = self.dfa.try_search_fwd(&mut cache.dfa, &input);
        Ok(found.map_err(io::Error::other)?.is_some())
    }

    /// The same for a text that may take long.
    fn is_match_in_steps(&self, text: &[u8], cache: &mut PatternCache) -> io::Result<bool> {
        let (dfa, cache) = (&self.dfa, &mut cache.dfa);
        let start = dfa.start_state_forward(cache, &Input::new(text));
        let mut state = start.map_err(io::Error::other)?;
        for piece in text.chunks(self.bytes_at_once()) {
            pace::step()?;
            for byte in piece {
                state = dfa.next_state(cache, state, *byte).map_err(io::Error::other)?;
                if state.is_match() || state.is_dead() {
                    return Ok(state.is_match());
                }
            }
        }
        let end = dfa.next_eoi_state(cache, state).map_err(io::Error::other)?;
        Ok(end.is_match())
    }
}

fn parse(source: &str, classes: &mut usize) -> Result<Hir, PatternError> {
    let ast = ParserBuilder::new().nest_limit(MAX_NESTING).build().parse(source);
    let ast = ast.map_err(regex_syntax::Error::from)?;
    take_classes(&ast, classes)?;
    let hir = TranslatorBuilder::new().utf8(false).build().translate(source, &ast);
    Ok(hir.map_err(regex_syntax::Error::from)?)
}

fn compile(hir: &Hir, is_reverse: bool, max_bytes: usize) -> Result<NFA, PatternError> {
    let config = thompson::Config::new()
        .utf8(false)
        .reverse(is_reverse)
        .which_captures(WhichCaptures::None)
        .nfa_size_limit(Some(max_bytes));
    let mut compiler = thompson::Compiler::new();
    compiler.configure(config).build_from_hir(hir).map_err(|_| PatternError::TooLarge)
}

fn automaton(nfa: NFA, kind: MatchKind) -> Result<DFA, PatternError> {
    let config = DFA::config()
        .match_kind(kind)
        .cache_capacity(CACHE_BYTES)
        // An expression that needs more for itself gets that.
        .skip_cache_capacity_check(true);
    DFA::builder().configure(config).build_from_nfa(nfa).map_err(|_| PatternError::TooLarge)
}
