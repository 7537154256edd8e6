//! Whether `cargo xtask`, `up`, `bench` and the tests share one build of their dependencies.
//!
//! Cargo compiles a dependency once for each set of features that is asked for. A selection of
//! packages that asks for fewer features than the tests do would compile ring, tokio and all that
//! depends on them anew. `tests/Cargo.toml` says what keeps them the same.
//!
//! Dependencies of build scripts are left out: they have features of their own, which `cargo tree`
//! does not tell apart from those of the same package elsewhere.

use std::collections::BTreeSet;

use anyhow::ensure;

use crate::cargo;

/// What the tests are built with.
const TESTS: &[&str] = &["--workspace", "--edges=normal,dev"];
/// What is built besides, and by which chore.
const OTHERS: [(&str, &[&str]); 2] = [
    ("up and bench", &["--workspace", "--edges=normal"]),
    ("cargo xtask", &["--package=xtask", "--edges=normal"]),
];

/// Fails if a selection of packages has a dependency with features that the tests do not have it
/// with.
pub(crate) fn check() -> anyhow::Result<()> {
    let of_tests = packages(TESTS)?;
    for (name, selection) in OTHERS {
        let others = packages(selection)?;
        let different: Vec<_> = others.difference(&of_tests).map(String::as_str).collect();
        ensure!(
            different.is_empty(),
            "{name} would be built with other features than the tests:\n{}",
            different.join("\n")
        );
    }
    Ok(())
}

/// The packages of a selection, each with its version and features.
fn packages(selection: &[&str]) -> anyhow::Result<BTreeSet<String>> {
    let tree = ["tree", "--locked", "--prefix=none", "--format={p} {f}"];
    let tree = cargo::output(&[&tree, selection].concat())?;
    Ok(tree.lines().filter(|line| !line.is_empty()).map(without_mark).collect())
}

/// Cargo marks a package whose dependencies it has shown before.
fn without_mark(line: &str) -> String {
    line.trim_end_matches("(*)").trim_end().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_package_is_the_same_whether_or_not_it_was_shown_before() {
        assert_eq!(without_mark("bytes v1.12.1 default,std (*)"), "bytes v1.12.1 default,std");
        assert_eq!(without_mark("bytes v1.12.1 default,std"), "bytes v1.12.1 default,std");
    }
}
