//! Texts of which every match of an expression contains one.

use regex_syntax::hir::{
    Capture, Hir, HirKind, Repetition,
    literal::{ExtractKind, Extractor},
};

/// Of a long sequence only so many parts are looked at, and only so many after each.
const MAX_PARTS: usize = 32;
/// So many literals are found nearly as fast as one.
const FEW_LITERALS: usize = 16;
/// A set with more literals than that takes longer to look for than it saves.
const MAX_LITERALS: usize = 128;

/// Literals of which every match contains one, none of them empty. `None` if there are no such
/// literals, or none worth looking for.
///
/// They contain no `*`: masking puts that in the place of other characters, and then the literal
/// is in the masked line and not in the file.
pub(super) fn required_literals(hir: &Hir) -> Option<Vec<Vec<u8>>> {
    let literals = match hir.kind() {
        HirKind::Concat(parts) => best_of_sequence(parts),
        HirKind::Capture(Capture { sub, .. })
        | HirKind::Repetition(Repetition { min: 1.., sub, .. }) => required_literals(sub),
        HirKind::Alternation(branches) => better(prefixes(hir), union(branches)),
        _ => prefixes(hir),
    };
    literals.filter(|literals| literals.len() <= MAX_LITERALS)
}

/// One of each branch.
fn union(branches: &[Hir]) -> Option<Vec<Vec<u8>>> {
    let mut literals = Vec::new();
    for branch in branches {
        literals.extend(required_literals(branch)?);
        if literals.len() > MAX_LITERALS {
            return None;
        }
    }
    Some(literals)
}

/// A match of a sequence contains one of each of its parts, and one of any parts in a row.
fn best_of_sequence(parts: &[Hir]) -> Option<Vec<Vec<u8>>> {
    let parts = &parts[..parts.len().min(MAX_PARTS)];
    let mut best = None;
    for (from, part) in parts.iter().enumerate() {
        let row = parts[from..].to_vec();
        best = better(best, prefixes(&Hir::concat(row)));
        best = better(best, required_literals(part));
    }
    best
}

/// With one of these every match begins.
fn prefixes(hir: &Hir) -> Option<Vec<Vec<u8>>> {
    let sequence = Extractor::new().kind(ExtractKind::Prefix).extract(hir);
    let literals = sequence.literals()?;
    let parts: Vec<_> =
        literals.iter().map(|literal| longest_unmaskable(literal.as_bytes()).to_vec()).collect();
    (!parts.is_empty() && parts.iter().all(|part| !part.is_empty())).then_some(parts)
}

fn longest_unmaskable(literal: &[u8]) -> &[u8] {
    let parts = literal.split(|byte| *byte == b'*');
    parts.max_by_key(|part| part.len()).unwrap_or_default()
}

/// The set that finds less, and faster: few literals, the shortest of them long, and then the
/// fewest.
fn better(one: Option<Vec<Vec<u8>>>, other: Option<Vec<Vec<u8>>>) -> Option<Vec<Vec<u8>>> {
    let rank = |literals: &Vec<Vec<u8>>| {
        // From some length on a literal is rare.
        let shortest = literals.iter().map(Vec::len).min().unwrap_or(0).min(6);
        (literals.len() <= FEW_LITERALS, shortest, usize::MAX - literals.len())
    };
    [one, other].into_iter().flatten().filter(|set| set.len() <= MAX_LITERALS).max_by_key(rank)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(pattern: &str, expected: Option<&[&str]>) {
        let hir = regex_syntax::parse(pattern).unwrap();
        let literals = required_literals(&hir).map(|mut literals| {
            literals.sort();
            literals.into_iter().map(|literal| String::from_utf8(literal).unwrap()).collect()
        });
        let expected = expected.map(|all| all.iter().map(|&text| text.to_owned()).collect());
        let literals: Option<Vec<String>> = literals;
        assert_eq!(literals, expected, "{pattern}");
    }

    #[test]
    fn every_match_contains_one_of_the_literals() {
        check("timeout", Some(&["timeout"]));
        check("error|timeout", Some(&["error", "timeout"]));
        check("(error|timeout) in (.*) db", Some(&["error in ", "timeout in "]));
        check(r"\d+ failed after", Some(&[" failed after"]));
        check(r"^\w+: (fatal|panic):? [0-9]", Some(&["fatal", "panic"]));
        check("(ab)+c", Some(&["ab"]));
        check("a.*bcd", Some(&["bcd"]));
    }

    #[test]
    fn some_expressions_require_nothing() {
        for pattern in ["", ".*", r"\w+", "(abc)?", "abc|", "abc|.*", r"\d"] {
            check(pattern, None);
        }
    }

    #[test]
    fn a_literal_contains_no_character_that_masking_writes() {
        check(r"sso_\*\*\*", Some(&["sso_"]));
        check(r"\*+", None);
    }
}
