//! Python libraries, in a virtual environment.

use std::path::Path;

use super::{
    command::bounded,
    debian::{Apt, Program},
};

/// Debian's python3 comes without what makes an environment.
const VENV: Program = Program {
    probe: &["python3", "-c", "import ensurepip, venv"],
    packages: &["python3", "python3-venv"],
};

/// Exactly the pinned versions, from wheels alone: no script of any package is run.
const INSTALL: [&str; 12] = [
    "environment/bin/python",
    "-m",
    "pip",
    "--disable-pip-version-check",
    "--no-input",
    "install",
    "--quiet",
    "--no-deps",
    "--only-binary",
    ":all:",
    "--requirement",
    "requirements.txt",
];

pub(super) fn install(directory: &Path, apt: &Apt) -> anyhow::Result<()> {
    apt.provide(&VENV)?;
    bounded(directory, &["python3", "-m", "venv", "environment"])?;
    bounded(directory, &INSTALL)?;
    // What a pinned library needs must be pinned too.
    bounded(directory, &["environment/bin/python", "-m", "pip", "--quiet", "check"])
}

#[cfg(test)]
mod tests {
    use std::fs;

    use crate::cargo;

    #[test]
    fn every_python_library_is_pinned_once_and_in_order() {
        let file = cargo::workspace().join("tests/peers/python/requirements.txt");
        let requirements = fs::read_to_string(file).unwrap();
        let names: Vec<_> = requirements
            .lines()
            .map(|line| line.split_once("==").unwrap().0.to_ascii_lowercase())
            .collect();
        assert!(names.is_sorted_by(|one, next| one < next), "{names:?}");
    }
}
