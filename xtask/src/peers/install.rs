//! Everything in the table, each part independent of the failures of others.

use std::{path::PathBuf, process::ExitCode};

use super::{
    debian::Apt,
    table::{LIBRARY_SETS, PROGRAMS},
};
use crate::cargo;

/// Installs the peers, and fails if any is missing afterwards.
pub(crate) fn run() -> ExitCode {
    if install() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// Installs what is missing, reports what it installs and what it left out. Returns whether all is
/// there now.
pub(crate) fn install() -> bool {
    let apt = Apt::of_this_machine();
    let programs = PROGRAMS.iter().map(|program| (program.probe[0], apt.provide(program)));
    let sets = LIBRARY_SETS.iter().map(|set| {
        let installed = directory().and_then(|peers| set.install_into(&peers.join(set.name), &apt));
        (set.name, installed)
    });
    // None is left out because another one was.
    programs.chain(sets).filter(is_missing).count() == 0
}

/// Reports it if so.
fn is_missing((name, installed): &(&str, anyhow::Result<()>)) -> bool {
    if let Err(error) = installed {
        eprintln!("peers: {name} is left out: {error:#}");
    }
    installed.is_err()
}

/// Beside what Cargo builds, wherever that is: the tests look there.
fn directory() -> anyhow::Result<PathBuf> {
    Ok(cargo::target_directory()?.join("peers"))
}
