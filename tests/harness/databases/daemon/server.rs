//! A server as a process.

use std::{
    ffi::OsString,
    fs::{self, File},
    path::{Path, PathBuf},
    process::{Child, ExitStatus, Stdio},
    thread,
    time::{Duration, Instant},
};

use rustix::process::{Pid, Signal, kill_process};

use super::{
    account::{Account, LastSignal},
    directory::ServerDirectory,
    process_tree,
    spawner::spawn,
    tool::set_environment,
};
use crate::harness::{patience, until};

/// A server in a directory of its own, which also holds its log. It ends when this value is
/// dropped, or when this process ends.
#[derive(Debug)]
pub(crate) struct Daemon {
    program: PathBuf,
    arguments: Vec<OsString>,
    last_signal: LastSignal,
    child: Option<Child>,
    // Removed last.
    directory: ServerDirectory,
}

impl Daemon {
    /// A server that is not started yet.
    pub(crate) fn new(program: &Path, directory: ServerDirectory, last_signal: LastSignal) -> Self {
        Self { program: program.into(), arguments: Vec::new(), last_signal, child: None, directory }
    }

    /// Adds arguments.
    pub(crate) fn args(mut self, arguments: impl IntoIterator<Item: Into<OsString>>) -> Self {
        self.arguments.extend(arguments.into_iter().map(Into::into));
        self
    }

    pub(crate) fn directory(&self) -> &Path {
        self.directory.path()
    }

    /// Starts it, and waits until it is ready.
    ///
    /// # Panics
    /// When it runs already, ends by itself, or is not ready in time.
    pub(crate) async fn start(&mut self, mut is_ready: impl AsyncFnMut(u32) -> bool) {
        assert!(self.child.is_none(), "{} runs already", self.program.display());
        let log = self.log_file();
        let mut command = Account::command(&self.program, self.last_signal);
        set_environment(&mut command, self.directory());
        command.args(&self.arguments).stdin(Stdio::null());
        command.stdout(log.try_clone().unwrap()).stderr(log);
        self.child = Some(spawn(command));
        until("a server is ready", 3 * patience(), async || {
            if let Some(status) = self.try_wait() {
                panic!("{} ended with {status}:\n{}", self.program.display(), self.log());
            }
            is_ready(self.child().id()).await.then_some(())
        })
        .await;
    }

    /// Ends it by a signal, in order.
    ///
    /// # Panics
    /// When it fails, or takes too long.
    pub(crate) async fn stop(&mut self, signal: Signal) {
        kill_process(self.pid(), signal).unwrap();
        let ended = async || self.try_wait();
        let status = until("a server ends", 3 * patience(), ended).await;
        assert!(status.success(), "{} ended with {status}", self.program.display());
        self.child = None;
    }

    /// Kills it and its children, like a crash. Does nothing if it does not run.
    pub(crate) fn kill(&mut self) {
        if let Some(mut child) = self.child.take() {
            process_tree::kill(Pid::from_child(&child));
            child.wait().unwrap();
        }
    }

    /// Pauses it and its children.
    pub(crate) fn pause(&self) {
        process_tree::pause(self.pid());
    }

    /// Continues it and its children.
    pub(crate) fn resume(&self) {
        process_tree::signal_all(self.pid(), Signal::CONT);
    }

    pub(crate) fn is_running(&self) -> bool {
        self.child.is_some()
    }

    fn child(&self) -> &Child {
        self.child.as_ref().unwrap_or_else(|| panic!("{} does not run", self.program.display()))
    }

    fn pid(&self) -> Pid {
        Pid::from_child(self.child())
    }

    /// Its status, if it has ended.
    fn try_wait(&mut self) -> Option<ExitStatus> {
        self.child.as_mut()?.try_wait().unwrap()
    }

    fn log_file(&self) -> File {
        File::options().create(true).append(true).open(self.directory().join("log")).unwrap()
    }

    /// What it wrote.
    fn log(&self) -> String {
        fs::read_to_string(self.directory().join("log")).unwrap_or_default()
    }

    /// Waits without a runtime.
    fn ends_within(&mut self, bound: Duration) -> bool {
        let started = Instant::now();
        while started.elapsed() < bound {
            if self.try_wait().is_some() {
                return true;
            }
            thread::sleep(Duration::from_millis(1));
        }
        false
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        if thread::panicking() {
            eprintln!("--- {}:\n{}", self.program.display(), self.log());
        }
        if self.child.is_none() || self.try_wait().is_some() {
            return;
        }
        let _ = kill_process(self.pid(), self.last_signal.signal());
        // It may be paused.
        self.resume();
        if !self.ends_within(Duration::from_secs(5)) {
            self.kill();
        }
    }
}
