//! Finds tokens.
//!
//! A token counts wherever it stands, also right beside other letters. Tokens that overlap are
//! masked each: what counts is the text before anything was masked.

use std::{ops::Range, sync::LazyLock};

use memchr::memmem::Finder;
use shared_types::{LeadingToken, TOKEN_INITIALS};

static INITIALS: LazyLock<Finder<'static>> = LazyLock::new(|| Finder::new(TOKEN_INITIALS));

/// The tokens of a text.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct TokenScan {
    /// What is to be masked of each whole token.
    pub(crate) secrets: Vec<Range<usize>>,
    /// Where at the end of the text a token may begin whose rest is missing.
    pub(crate) incomplete: Option<IncompleteToken>,
}

/// The end of a text, if it may be the beginning of a token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct IncompleteToken {
    pub(crate) start: usize,
    /// Where its prefix ends.
    pub(crate) secret: usize,
}

impl TokenScan {
    pub(crate) fn of(text: &[u8]) -> Self {
        let mut scan = Self::default();
        for start in INITIALS.find_iter(text) {
            match LeadingToken::of(&text[start..]) {
                LeadingToken::Absent => {}
                LeadingToken::Incomplete { prefix } => {
                    scan.incomplete =
                        scan.incomplete.or(Some(IncompleteToken { start, secret: start + prefix }));
                }
                LeadingToken::Whole { prefix, length } => {
                    scan.secrets.push(start + prefix..start + length);
                }
            }
        }
        scan.incomplete = scan.incomplete.or_else(|| initials_at_end(text));
        scan
    }
}

/// The first of the initials at the end of a text, if all of them are not there yet.
fn initials_at_end(text: &[u8]) -> Option<IncompleteToken> {
    let lengths = (1..TOKEN_INITIALS.len()).rev();
    let length = lengths.into_iter().find(|length| text.ends_with(&TOKEN_INITIALS[..*length]))?;
    Some(IncompleteToken { start: text.len() - length, secret: text.len() })
}

/// Whether a token may begin in the text. Very fast if not.
pub(crate) fn may_hold_token(text: &[u8]) -> bool {
    INITIALS.find(text).is_some()
}

/// Masks the whole tokens of a text, and counts them. Its length stays.
pub fn mask_tokens(text: &mut [u8]) -> u64 {
    // Most text holds none.
    if !may_hold_token(text) {
        return 0;
    }
    let secrets = TokenScan::of(text).secrets;
    for secret in &secrets {
        text[secret.clone()].fill(b'*');
    }
    secrets.len() as u64
}

/// The same, where `before` stands before the text: counts the tokens that end in the text.
pub(crate) fn mask_tokens_behind(before: &[u8], text: &mut [u8]) -> u64 {
    if before.is_empty() {
        return mask_tokens(text);
    }
    let secrets = TokenScan::of(&[before, text].concat()).secrets;
    let in_text = secrets.iter().filter(|secret| secret.end > before.len());
    let masked = in_text.map(|secret| {
        let [start, end] = [secret.start, secret.end].map(|at| at.saturating_sub(before.len()));
        text[start..end].fill(b'*');
    });
    masked.count() as u64
}

/// Masks the tokens of a text that is cut off at its end, and what may be the beginning of one
/// there.
pub(crate) fn mask_cut_off(text: &mut [u8]) {
    let scan = TokenScan::of(text);
    for secret in scan.secrets {
        text[secret].fill(b'*');
    }
    if let Some(token) = scan.incomplete {
        text[token.secret..].fill(b'*');
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use proptest::prelude::*;
    use shared_types::{TokenKind, encode_token};

    use super::*;

    pub(crate) fn token(kind: TokenKind, entropy: u8) -> String {
        encode_token(kind, &[entropy; 32]).to_string()
    }

    pub(crate) fn masked(kind: TokenKind) -> String {
        kind.prefix().to_owned() + &"*".repeat(43 + 1 + 6)
    }

    /// The definition.
    pub(crate) fn mask_plainly(text: &[u8]) -> Vec<u8> {
        let mut masked = text.to_vec();
        for start in 0..text.len() {
            if let LeadingToken::Whole { prefix, length } = LeadingToken::of(&text[start..]) {
                masked[start + prefix..start + length].fill(b'*');
            }
        }
        masked
    }

    /// Says something with many tokens in it, bit by bit and for ever.
    #[derive(Debug, Default)]
    pub(crate) struct TokenText(usize);

    impl TokenText {
        pub(crate) fn next(&mut self, length: usize) -> String {
            static SAID: LazyLock<String> = LazyLock::new(|| {
                let (one, other) = (token(TokenKind::Session, 7), token(TokenKind::ApiKey, 8));
                format!("a lesson {one}; ss{other}{one}_sso_{} ", &one[..30])
            });
            let said = SAID.chars().cycle().skip(self.0 % SAID.len()).take(length).collect();
            self.0 += length;
            said
        }
    }

    #[track_caller]
    fn check(text: &str, expected: &str, count: u64) {
        let mut bytes = text.as_bytes().to_vec();
        assert_eq!(mask_tokens(&mut bytes), count);
        assert_eq!(String::from_utf8(bytes).unwrap(), expected);
    }

    #[test]
    fn each_kind_of_token_is_masked_behind_its_prefix_wherever_it_stands() {
        for kind in [TokenKind::Session, TokenKind::Refresh, TokenKind::ApiKey] {
            let (token, masked) = (token(kind, 7), masked(kind));
            check(&token, &masked, 1);
            check(&format!("x{token}y{token}"), &format!("x{masked}y{masked}"), 2);
            check(&format!("sso{token}sso_"), &format!("sso{masked}sso_"), 1);
            check(&format!("{token}{token}\n{token}"), &format!("{masked}{masked}\n{masked}"), 3);
        }
    }

    #[test]
    fn other_text_is_not_masked() {
        let token = token(TokenKind::Session, 7);
        let (cut, (start, end)) = (&token[..token.len() - 1], token.split_at(20));
        for text in ["", "lesson", "sso_", cut, &format!("{start}\n{end}"), &token.to_uppercase()] {
            check(text, text, 0);
        }
    }

    /// The second token begins with the last digits of the first one's entropy.
    #[test]
    fn tokens_that_overlap_are_both_masked() {
        let digits = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
        let spelled = |mut number: u32| {
            let mut text = [0; 6];
            for digit in text.iter_mut().rev() {
                *digit = digits[number as usize % 62];
                number /= 62;
            }
            String::from_utf8(text.to_vec()).unwrap()
        };
        let first = format!("sso_{}sso", "a".repeat(40));
        let first_end = spelled(crc32fast::hash(first.as_bytes()));
        let second = format!("sso_{first_end}{}", "b".repeat(37));
        let second_end = spelled(crc32fast::hash(second.as_bytes()));
        let text = format!("{first}_{first_end}{}_{second_end}!", "b".repeat(37));
        check(&text, &format!("sso_{}!", "*".repeat(text.len() - 5)), 2);
    }

    #[test]
    fn the_beginning_of_a_token_at_the_end_is_seen() {
        let token = token(TokenKind::Refresh, 9);
        for end in 1..token.len() {
            let text = format!("lesson {}", &token[..end]);
            let expected = IncompleteToken { start: 7, secret: 7 + end.min(5) };
            assert_eq!(TokenScan::of(text.as_bytes()).incomplete, Some(expected), "{text}");
        }
        for text in ["", "lesson", "sso-", "sso_ ", &token, &format!("{}-", &token[..20])] {
            assert_eq!(TokenScan::of(text.as_bytes()).incomplete, None, "{text}");
        }
    }

    #[test]
    fn of_a_text_that_is_cut_off_the_beginning_of_a_token_is_masked() {
        let token = token(TokenKind::Session, 7);
        for end in 0..=token.len() {
            let mut text = format!("{token}; {}", &token[..end]).into_bytes();
            mask_cut_off(&mut text);
            let shown = format!("{}; {}", masked(TokenKind::Session), masked(TokenKind::Session));
            assert_eq!(text, shown.as_bytes()[..text.len()], "{end}");
        }
    }

    proptest! {
        /// What is seen at the end is enough: nothing before it takes part in a token that is
        /// completed later.
        #[test]
        fn what_may_begin_at_the_end_is_all_that_the_rest_can_complete(
            text in "(s|so|sso|sso_|ssok_|[a-z0-9_]){0,90}",
            entropy: u8,
            cut in 0_usize..=54,
        ) {
            let token = token(TokenKind::Session, entropy);
            let (begun, rest) = (text + &token[..cut], &token[cut..]);
            let incomplete = TokenScan::of(begun.as_bytes()).incomplete;
            let kept = incomplete.map_or(begun.len(), |token| token.start);
            let behind = [&begun.as_bytes()[kept..], rest.as_bytes()].concat();
            let all = [begun.as_bytes(), rest.as_bytes()].concat();
            let mut text = rest.as_bytes().to_vec();
            mask_tokens_behind(&begun.as_bytes()[kept..], &mut text);
            let mut whole = all.clone();
            mask_tokens(&mut whole);
            prop_assert_eq!(&text, &whole[begun.len()..]);
            let crosses = |secret: &&Range<usize>| secret.end > begun.len();
            let secrets = TokenScan::of(&all).secrets;
            let expected: Vec<_> = secrets.iter().filter(crosses).cloned().collect();
            let of_behind = TokenScan::of(&behind).secrets;
            let seen: Vec<_> = of_behind
                .into_iter()
                .map(|secret| secret.start + kept..secret.end + kept)
                .filter(|secret| secret.end > begun.len())
                .collect();
            prop_assert_eq!(seen, expected);
        }
    }
}
