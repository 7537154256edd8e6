//! Client programs, which end by themselves.

use std::{
    env,
    ffi::OsStr,
    path::Path,
    process::{Command, Stdio},
    time::Duration,
};

use super::{
    account::{Account, LastSignal},
    directory::all_directories,
};
use crate::{harness::patience, installed};

/// A command that is ended when it takes too long.
#[derive(Debug)]
pub(crate) struct Tool(Command);

impl Tool {
    /// A short command, in the account of this process.
    pub(crate) fn new(program: &Path) -> Self {
        Self::bounded(Command::new("timeout"), patience(), program)
    }

    /// A longer command, in the account of servers.
    pub(crate) fn in_their_account(program: &Path) -> Self {
        let timeout = Account::command(Path::new("timeout"), LastSignal::Kill);
        Self::bounded(timeout, 3 * patience(), program)
    }

    fn bounded(mut command: Command, bound: Duration, program: &Path) -> Self {
        set_environment(&mut command, all_directories());
        command.arg(bound.as_secs().to_string()).arg(program).stdin(Stdio::null());
        Self(command)
    }

    /// Adds an argument.
    pub(crate) fn arg(mut self, argument: impl AsRef<OsStr>) -> Self {
        self.0.arg(argument);
        self
    }

    /// Adds arguments.
    pub(crate) fn args(mut self, arguments: impl IntoIterator<Item: AsRef<OsStr>>) -> Self {
        self.0.args(arguments);
        self
    }

    /// Sets a variable.
    pub(crate) fn env(mut self, name: &str, value: &str) -> Self {
        self.0.env(name, value);
        self
    }

    /// Its standard output without the last line end. An error is its standard error and status.
    pub(crate) async fn run(mut self) -> Result<String, String> {
        let output = blocking(move || self.0.output().unwrap()).await;
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).trim_end().to_owned();
        if output.status.success() {
            Ok(text(&output.stdout))
        } else {
            Err(format!("{}{} ({})", text(&output.stdout), text(&output.stderr), output.status))
        }
    }
}

/// Leaves the variables of the user out: those of libpq would change what is connected to.
pub(super) fn set_environment(command: &mut Command, directory: &Path) {
    command.env_clear().env("LC_ALL", "C").env("HOME", directory).current_dir(directory);
    command.env("PATH", env::var_os("PATH").unwrap_or_default());
}

/// Waits without keeping other tasks of the test from running.
pub(crate) async fn blocking<T: Send + 'static>(task: impl FnOnce() -> T + Send + 'static) -> T {
    tokio::task::spawn_blocking(task).await.unwrap()
}

/// Fails with the reason why one of these programs, or one that starts them, is missing.
pub(crate) fn require(programs: &[&str]) -> Result<(), String> {
    ["setpriv", "timeout"].iter().chain(programs).try_for_each(|name| {
        installed::program(name)?;
        Ok(())
    })
}
