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

    proptest! {
        #[test]
        fn globs_match_as_the_definition_says(pattern in "[ab*?]{0,10}", text in "[ab]{0,10}") {
            prop_assert_eq!(
                glob_matches(&pattern, &text),
                slow_glob(pattern.as_bytes(), text.as_bytes())
            );
        }
    }
}
