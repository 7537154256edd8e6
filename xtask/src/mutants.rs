//! `cargo xtask mutants`: changes the code that decides about access, and reports each change that
//! no test notices.
//!
//! `.cargo/mutants.toml` lists the files, and the changes that make no difference. Every change is
//! built and tested, which takes hours for all of them: name files, as in
//! `cargo xtask mutants --file '**/csrf.rs'`. It is no part of `ci`.

use std::{
    ffi::OsString,
    process::{Command, ExitCode, Stdio},
};

use crate::cargo;

/// Installs cargo-mutants if it is missing, and becomes it.
pub(crate) fn run(arguments: &[OsString]) -> ExitCode {
    if !is_installed() && !install() {
        eprintln!("error: cannot install cargo-mutants");
        return ExitCode::FAILURE;
    }
    let options = ["mutants", "--output"].map(OsString::from);
    match cargo::target_directory() {
        Ok(target) => cargo::become_cargo(options.into_iter().chain([target.into()]), arguments),
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn is_installed() -> bool {
    succeeds(Command::new("cargo").args(["mutants", "--version"]).stderr(Stdio::null()))
}

fn install() -> bool {
    succeeds(Command::new("cargo").args(["install", "--locked", "cargo-mutants"]))
}

fn succeeds(command: &mut Command) -> bool {
    let status = command.stdin(Stdio::null()).stdout(Stdio::null()).status();
    status.is_ok_and(|status| status.success())
}
