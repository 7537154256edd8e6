//! A token whose rest may be in the next fragment of its line.

use super::token_scan::TokenScan;

/// The last bytes of an unfinished line, if they may be the beginning of a token.
#[derive(Debug, Clone, Default)]
pub(crate) struct BegunToken {
    pub(crate) text: Vec<u8>,
    /// A fragment from this position on is none of the line any more.
    pub(crate) valid_until: u64,
}

impl BegunToken {
    /// Whether a fragment at this position may hold the rest.
    pub(crate) fn is_begun_at(&self, position: u64) -> bool {
        !self.text.is_empty() && position < self.valid_until
    }

    /// Goes on with the next fragment of the line.
    pub(crate) fn join(&mut self, fragment: &[u8]) {
        self.text.extend_from_slice(fragment);
        let kept =
            TokenScan::of(&self.text).incomplete.map_or(self.text.len(), |token| token.start);
        self.text.drain(..kept);
    }

    /// Forgets it: the line has ended.
    pub(crate) fn end(&mut self) {
        self.text.clear();
    }
}
