//! Patterns of names.

/// Matches `*` (any run) and `?` (any one character), case-sensitively.
///
/// Where a literal fails, matching resumes at the last `*`, which takes one character more. So the
/// steps are bounded by pattern × text, both of which are bounded in length.
pub(super) fn glob_matches(pattern: &str, text: &str) -> bool {
    let (pattern, text) = (pattern.as_bytes(), text.as_bytes());
    let (mut p, mut t) = (0, 0);
    // Where to resume when a literal fails: behind the last star, and at the end of what it took.
    let mut retry: Option<(usize, usize)> = None;
    while t < text.len() {
        match pattern.get(p) {
            Some(b'*') => {
                p += 1;
                retry = Some((p, t));
            }
            Some(byte) if *byte == b'?' || *byte == text[t] => {
                p += 1;
                t += 1;
            }
            _ => {
                let Some((after_star, taken)) = retry else {
                    return false;
                };
                let taken = taken + 1;
                retry = Some((after_star, taken));
                p = after_star;
                t = taken;
            }
        }
    }
    pattern[p..].iter().all(|byte| *byte == b'*')
}

/// Whether a text exists that both patterns match, in steps bounded by the product of their lengths.
///
/// Goes through the pairs of places in both at which a common text may have arrived: `reached` tells
/// for each place in `other` whether it can be reached with the place in `one`.
pub(super) fn globs_overlap(one: &str, other: &str) -> bool {
    let (one, other) = (one.as_bytes(), other.as_bytes());
    let mut reached = vec![false; other.len() + 1];
    reached[0] = true;
    pass_stars(&mut reached, other);
    for byte in one {
        let before = reached.clone();
        for (at, is_reached) in reached.iter_mut().enumerate() {
            let takes_other = at > 0 && before[at - 1] && overlap(*byte, other[at - 1]);
            // A star takes nothing, or whatever the other one has next.
            let stays = before[at] && (*byte == b'*' || other.get(at) == Some(&b'*'));
            *is_reached = takes_other || stays;
        }
        if *byte == b'*' {
            let first = reached.iter().position(|is_reached| *is_reached);
            first.into_iter().for_each(|first| reached[first..].fill(true));
        }
        pass_stars(&mut reached, other);
    }
    reached[other.len()]
}

/// What is reached before a star is reached behind it, too.
fn pass_stars(reached: &mut [bool], pattern: &[u8]) {
    for (at, byte) in pattern.iter().enumerate() {
        reached[at + 1] |= *byte == b'*' && reached[at];
    }
}

/// Whether two single characters of patterns match a common one.
fn overlap(one: u8, other: u8) -> bool {
    one == other || [one, other].iter().any(|byte| b"*?".contains(byte))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// The definition itself, in exponential time.
    fn slow_glob(pattern: &[u8], text: &[u8]) -> bool {
        match (pattern, text) {
            ([], []) => true,
            ([b'*', rest @ ..], _) => {
                slow_glob(rest, text) || (!text.is_empty() && slow_glob(pattern, &text[1..]))
            }
            ([b'?', pattern @ ..], [_, text @ ..]) => slow_glob(pattern, text),
            ([p, pattern @ ..], [t, text @ ..]) if p == t => slow_glob(pattern, text),
            _ => false,
        }
    }

    #[test]
    fn many_stars_take_no_exponential_time() {
        assert!(!glob_matches(&"*a".repeat(100), &"a".repeat(99)));
        assert!(!glob_matches(&"*a".repeat(20), &"b".repeat(600)));
    }

    #[test]
    fn globs_overlap_if_a_text_matches_both() {
        for (one, other, expected) in [
            ("web", "web", true),
            ("web", "wed", false),
            ("web-*", "*-1", true),
            ("web-*", "db-*", false),
            ("a*b", "*c*", true),
            ("a?", "a", false),
            ("a?", "?b", true),
            ("*a", "*b", false),
            ("", "*", true),
            ("", "?", false),
        ] {
            assert_eq!(globs_overlap(one, other), expected, "{one} {other}");
            assert_eq!(globs_overlap(other, one), expected, "{other} {one}");
        }
        assert!(globs_overlap(&"*a".repeat(500), &"?*".repeat(500)));
    }

    /// All texts up to this length.
    fn texts(length: usize) -> Vec<String> {
        let mut all = vec![String::new()];
        let mut from = 0;
        for _ in 0..length {
            let longer =
                all[from..].iter().flat_map(|text| ["a", "b"].map(|end| format!("{text}{end}")));
            let longer: Vec<_> = longer.collect();
            from = all.len();
            all.extend(longer);
        }
        all
    }

    proptest! {
        #[test]
        fn an_overlap_is_a_text_that_both_match(one in "[ab*?]{0,4}", other in "[ab*?]{0,4}") {
            // If there is such a text, there is one that is no longer than both patterns.
            let is_common = |text: &String| glob_matches(&one, text) && glob_matches(&other, text);
            prop_assert_eq!(globs_overlap(&one, &other), texts(8).iter().any(is_common));
        }

        #[test]
        fn globs_match_as_the_definition_says(pattern in "[ab*?]{0,10}", text in "[ab]{0,10}") {
            prop_assert_eq!(
                glob_matches(&pattern, &text),
                slow_glob(pattern.as_bytes(), text.as_bytes())
            );
        }
    }
}
