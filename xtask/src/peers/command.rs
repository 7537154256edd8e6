//! Commands that end in time.

use std::{
    path::Path,
    process::{Command, Stdio},
};

use anyhow::{Context, ensure};

/// How long each command may take, in seconds: a hundred megabytes are fetched.
const LIMIT: &str = "600";

/// Runs a command in a directory. Fails if the command fails or takes longer than ten minutes.
pub(super) fn bounded(directory: &Path, words: &[&str]) -> anyhow::Result<()> {
    let status = command(directory, words).status().context("cannot run timeout")?;
    ensure!(status.success(), "{} failed: {status}", words.join(" "));
    Ok(())
}

/// Whether a command runs and succeeds, without showing its output.
pub(super) fn succeeds(words: &[&str]) -> bool {
    let mut command = command(Path::new("."), words);
    let status = command.stdout(Stdio::null()).stderr(Stdio::null()).status();
    status.is_ok_and(|status| status.success())
}

/// Through `timeout`, which also ends the processes that the command started.
fn command(directory: &Path, words: &[&str]) -> Command {
    let mut command = Command::new("timeout");
    command.args(["--kill-after=10", LIMIT]).args(words).current_dir(directory);
    command.env("DEBIAN_FRONTEND", "noninteractive").stdin(Stdio::null());
    command
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_that_fails_is_named() {
        let error = bounded(Path::new("."), &["false", "1"]).unwrap_err();
        assert!(error.to_string().starts_with("false 1 failed: exit status: 1"), "{error}");
    }

    #[test]
    fn a_command_that_is_missing_does_not_succeed() {
        assert!(succeeds(&["true"]));
        assert!(!succeeds(&["false"]));
        assert!(!succeeds(&["no-such-command-anywhere"]));
    }
}
