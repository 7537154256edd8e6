//! The words of a text that name a level.

use super::Level;

/// How many places of a text are looked at together.
const BLOCK_BYTES: usize = 32;
/// A block, with the byte before it and the two behind it.
type Block = [u8; BLOCK_BYTES + 3];

/// The first and the third letter of each name. Few other words have such a pair.
const LETTERS: [[u8; 2]; 11] =
    [*b"er", *b"ee", *b"if", *b"nt", *b"wr", *b"ci", *b"ta", *b"db", *b"ft", *b"ae", *b"pn"];

/// The words for levels that have this length. Few words have to be compared with more than one of
/// these.
const fn names_of_length(length: usize) -> &'static [(&'static [u8], Level)] {
    match length {
        3 => &[(b"err", Level::Error)],
        4 => &[(b"info", Level::Info), (b"warn", Level::Warn), (b"crit", Level::Fatal)],
        5 => &[
            (b"trace", Level::Trace),
            (b"debug", Level::Debug),
            (b"error", Level::Error),
            (b"fatal", Level::Fatal),
            (b"alert", Level::Fatal),
            (b"emerg", Level::Fatal),
            (b"panic", Level::Fatal),
        ],
        6 => &[(b"notice", Level::Info)],
        7 => &[(b"warning", Level::Warn)],
        8 => &[(b"critical", Level::Fatal)],
        _ => &[],
    }
}

/// The level that a word names, in any case.
pub(super) fn level_of_word(word: &[u8]) -> Option<Level> {
    let first = word.first()?.to_ascii_lowercase();
    let is_name = |name: &[u8]| name[0] == first && word.eq_ignore_ascii_case(name);
    let named = names_of_length(word.len()).iter().find(|(name, _)| is_name(name));
    named.map(|(_, level)| *level)
}

/// The level that the first word names.
pub(super) fn level_of_first_word(text: &[u8]) -> Option<Level> {
    level_of_word(words(text).next()?)
}

/// The level that the first word of all that name one names. Most lines have many words and few
/// that can be names, so blocks without any are passed over as a whole.
pub(super) fn first_level_in(text: &[u8]) -> Option<Level> {
    let blocks = (0..text.len()).step_by(BLOCK_BYTES);
    blocks.filter(|start| may_begin_name(&block_at(text, *start))).find_map(|start| {
        let end = text.len().min(start + BLOCK_BYTES);
        let begins_name = |at: &usize| {
            let first = text[*at] | 0x20;
            LETTERS.iter().any(|[letter, _]| first == *letter)
                && (*at == 0 || !is_of_word(text[*at - 1]))
        };
        (start..end).filter(begins_name).find_map(|at| level_of_first_word(&text[at..]))
    })
}

/// The block that begins there, as if the text stood between spaces.
fn block_at(text: &[u8], start: usize) -> Block {
    let whole = start.checked_sub(1).and_then(|before| text[before..].first_chunk());
    whole.copied().unwrap_or_else(|| {
        let mut block = [b' '; size_of::<Block>()];
        let before = start.saturating_sub(1);
        let length = (text.len() - before).min(block.len() - usize::from(start == 0));
        block[usize::from(start == 0)..][..length].copy_from_slice(&text[before..][..length]);
        block
    })
}

/// Whether a name may begin in the block. There are no branches, so that many places are looked at
/// in one instruction.
fn may_begin_name(block: &Block) -> bool {
    (0..BLOCK_BYTES).fold(false, |found, at| {
        // In lower case, if they are letters.
        let [first, third] = [block[at + 1] | 0x20, block[at + 3] | 0x20];
        let has_letters = LETTERS
            .iter()
            .fold(false, |has, [letter, other]| has | ((first == *letter) & (third == *other)));
        found | (has_letters & !is_of_word(block[at]))
    })
}

/// Whether the byte belongs to a word.
fn is_of_word(byte: u8) -> bool {
    let is_letter = (byte | 0x20).wrapping_sub(b'a') < 26;
    let is_digit = byte.wrapping_sub(b'0') < 10;
    is_letter | is_digit | (byte == b'_') | (byte >= 0x80)
}

fn words(text: &[u8]) -> impl Iterator<Item = &[u8]> {
    text.split(|byte| !is_of_word(*byte)).filter(|word| !word.is_empty())
}

#[cfg(test)]
mod tests {
    use proptest::{collection::vec, prelude::*};

    use super::*;

    fn names() -> impl Iterator<Item = &'static [u8]> {
        (0..10).flat_map(names_of_length).map(|(name, _)| *name)
    }

    #[test]
    fn every_name_has_its_letters() {
        for name in names() {
            assert!(LETTERS.contains(&[name[0], name[2]]), "{}", name.escape_ascii());
        }
    }

    #[test]
    fn a_name_is_found_wherever_it_stands() {
        for name in names() {
            for (before, after) in (0..2 * BLOCK_BYTES).flat_map(|at| [(at, 0), (at, 1), (at, 40)])
            {
                let text = [&b"-".repeat(before), name, &b" ".repeat(after)].concat();
                assert_eq!(first_level_in(&text), level_of_word(name), "{}", text.escape_ascii());
            }
        }
    }

    proptest! {
        #[test]
        fn the_first_name_is_that_of_the_words_one_by_one(
            pieces in vec(
                prop_oneof![
                    vec(any::<u8>(), 0..3),
                    "[ -~]{0,40}".prop_map(String::into_bytes),
                    "(?i:error|err|info|warning|warn|critical|panic|notice|emerg|alert|trace)"
                        .prop_map(String::into_bytes),
                ],
                0..8,
            ),
        ) {
            let text = pieces.concat();
            prop_assert_eq!(first_level_in(&text), words(&text).find_map(level_of_word));
        }
    }
}
