//! Cargo, and where it puts things.

use std::{
    env,
    ffi::{OsStr, OsString},
    os::unix::process::CommandExt,
    path::{Path, PathBuf},
    process::{Command, ExitCode, Stdio},
};

use anyhow::{Context, ensure};

/// The directory that holds the workspace's manifest.
pub(crate) fn workspace() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap_or(Path::new("."))
}

/// The directory that Cargo builds into, which it marks as a cache.
pub(crate) fn target_directory() -> anyhow::Result<PathBuf> {
    let program = env::current_exe().context("cannot tell where this program is")?;
    let target = program.ancestors().find(|directory| directory.join("CACHEDIR.TAG").exists());
    Ok(target.context("this program is in no target directory")?.to_owned())
}

/// Cargo in the root of the workspace, without the variables about a package that it adds for
/// programs that it runs. Build scripts that depend on them would run again: ring's does, and
/// everything that uses TLS would be compiled anew.
pub(crate) fn command() -> Command {
    let mut command = Command::new("cargo");
    command.current_dir(workspace());
    for (name, _) in env::vars_os() {
        if is_about_package(&name) {
            command.env_remove(name);
        }
    }
    command
}

fn is_about_package(variable: &OsStr) -> bool {
    let name = variable.as_encoded_bytes();
    name.starts_with(b"CARGO_PKG_") || name.starts_with(b"CARGO_MANIFEST_")
}

/// Builds a program of the workspace and becomes it, so that signals reach it and its exit code is
/// ours.
pub(crate) fn become_program(name: &str, arguments: &[OsString]) -> ExitCode {
    // In the root of the workspace `--bin` selects among all packages, which makes the features of
    // dependencies those that the tests are built with. With `--package` they would differ.
    become_cargo(["run", "--bin", name, "--"].map(OsString::from), arguments)
}

/// As [`become_program`], of a build that is optimized.
pub(crate) fn become_optimized_program(name: &str, arguments: &[OsString]) -> ExitCode {
    become_cargo(["run", "--release", "--bin", name, "--"].map(OsString::from), arguments)
}

/// Becomes Cargo with these options and arguments, in the root of the workspace.
pub(crate) fn become_cargo(
    options: impl IntoIterator<Item = OsString>,
    arguments: &[OsString],
) -> ExitCode {
    become_cargo_with([], options, arguments)
}

/// As [`become_cargo`], with these variables in the environment.
pub(crate) fn become_cargo_with(
    variables: impl IntoIterator<Item = (&'static str, OsString)>,
    options: impl IntoIterator<Item = OsString>,
    arguments: &[OsString],
) -> ExitCode {
    let error = command().envs(variables).args(options).args(arguments).exec();
    eprintln!("error: cannot run cargo: {error}");
    ExitCode::FAILURE
}

/// Runs Cargo with these arguments and returns its standard output.
pub(crate) fn output(arguments: &[&str]) -> anyhow::Result<String> {
    let output = command()
        .args(arguments)
        .stdin(Stdio::null())
        .stderr(Stdio::inherit())
        .output()
        .context("cannot run cargo")?;
    ensure!(output.status.success(), "cargo {} failed: {}", arguments.join(" "), output.status);
    String::from_utf8(output.stdout).context("the output of cargo is not UTF-8")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_workspace_and_the_target_directory_are_found() {
        assert!(workspace().join("Cargo.lock").exists());
        assert!(target_directory().unwrap().join("debug").exists());
    }
}
