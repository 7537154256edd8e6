//! Masks tokens in what the kubelet would write, where they stand.
//!
//! A token may go on in a later fragment. So what is written is held from where one may have begun
//! until the stream's next fragment shows whether it has, or the log has ended.

use std::{borrow::Cow, mem};

use crate::{
    line::{
        masking::{BegunToken, TokenScan},
        stream::OutputStream,
    },
    source::files::lines::logical::JOIN_GAP_BYTES,
};

/// Masks what is written to a reading's output, and holds what may have to be masked.
#[derive(Debug)]
pub(super) struct TokenMask {
    begun: [HeldToken; 2],
    /// The end of the output, if it is not given out yet.
    held: Vec<u8>,
    /// How much of the output was given out, in bytes.
    given: u64,
    /// How many tokens were masked in the output.
    masked: u64,
}

/// A token that may have begun, and where it stands in the output.
#[derive(Debug, Default)]
struct HeldToken {
    token: BegunToken,
    /// Of each byte; `None` if it was not chosen.
    places: Vec<Option<u64>>,
}

/// What a line of the file says at once.
#[derive(Debug, Clone, Copy)]
pub(super) struct Fragment<'a> {
    pub(super) stream: OutputStream,
    pub(super) content: &'a [u8],
    /// Nothing of the line comes behind it.
    pub(super) is_last: bool,
    /// Where in the output the content begins that was written.
    pub(super) place: usize,
    /// How much of the content was written, in bytes.
    pub(super) written: usize,
    /// Where it ends in the file.
    pub(super) end: u64,
}

impl TokenMask {
    /// Begins where these tokens may have begun.
    pub(super) fn new(before: [BegunToken; 2]) -> Self {
        let begun = before.map(|token| HeldToken { places: vec![None; token.text.len()], token });
        Self { begun, held: Vec::new(), given: 0, masked: 0 }
    }

    /// How many tokens were masked in the output.
    pub(super) fn masked(&self) -> u64 {
        self.masked
    }

    /// How much output is held, in bytes.
    pub(super) fn held_bytes(&self) -> usize {
        self.held.len()
    }

    /// Writes what is held, to be written on.
    pub(super) fn take_up(&mut self, out: &mut Vec<u8>) {
        out.append(&mut self.held);
    }

    /// Takes back what cannot be given out yet. `start` is where the output was taken up.
    pub(super) fn hold_back(&mut self, start: usize, out: &mut Vec<u8>) {
        let first = self.first_place().map(|place| place - self.given);
        // It was written behind the start.
        let kept = first.map_or(out.len(), |first| start + first as usize);
        self.held = out.split_off(kept);
        self.given += (kept - start) as u64;
    }

    /// Whether something in the output may have to be masked yet.
    pub(super) fn is_holding(&self) -> bool {
        self.first_place().is_some()
    }

    fn first_place(&self) -> Option<u64> {
        self.begun.iter().filter_map(|begun| begun.places.iter().flatten().next().copied()).min()
    }

    /// Forgets the tokens that cannot go on at this position of the file any more.
    pub(super) fn pass(&mut self, position: u64) {
        for begun in &mut self.begun {
            if !begun.places.is_empty() && !begun.token.is_begun_at(position) {
                begun.end();
            }
        }
    }

    /// Forgets all tokens: no line goes on.
    pub(super) fn end_lines(&mut self) {
        self.begun.iter_mut().for_each(HeldToken::end);
    }

    /// Masks the token that ends with the fragment, and those in it. `output` is what was taken up
    /// and written.
    pub(super) fn mask(&mut self, fragment: &Fragment<'_>, output: &mut [u8]) {
        if fragment.content.is_empty() && !fragment.is_last {
            return;
        }
        let begun = mem::take(&mut self.begun[fragment.stream as usize]);
        let text = begun.followed_by(fragment.content);
        let scan = TokenScan::of(&text);
        let fragment_start = self.given + fragment.place as u64;
        let place = |at: usize| match at.checked_sub(begun.places.len()) {
            None => begun.places[at],
            Some(at) => (at < fragment.written).then_some(fragment_start + at as u64),
        };
        for secret in scan.secrets {
            let shown = secret.filter_map(place);
            let masked = shown.map(|place| output[(place - self.given) as usize] = b'*');
            self.masked += u64::from(masked.count() > 0);
        }
        if let Some(token) = scan.incomplete.filter(|_| !fragment.is_last) {
            self.begun[fragment.stream as usize] = HeldToken {
                places: (token.start..text.len()).map(place).collect(),
                token: BegunToken {
                    text: text[token.start..].to_vec(),
                    valid_until: fragment.end + JOIN_GAP_BYTES,
                },
            };
        }
    }

    /// The log goes on and is not read further: masks what may be the beginning of a token.
    pub(super) fn cut_off(&mut self, output: &mut [u8]) {
        for HeldToken { token, places } in mem::take(&mut self.begun) {
            let incomplete = TokenScan::of(&token.text).incomplete;
            let secret = incomplete.map_or(places.len(), |token| token.secret);
            for place in places[secret..].iter().flatten() {
                output[(place - self.given) as usize] = b'*';
            }
        }
    }
}

impl HeldToken {
    fn followed_by<'a>(&self, fragment: &'a [u8]) -> Cow<'a, [u8]> {
        match &self.token.text[..] {
            [] => Cow::Borrowed(fragment),
            begun => Cow::Owned([begun, fragment].concat()),
        }
    }

    fn end(&mut self) {
        *self = Self::default();
    }
}
