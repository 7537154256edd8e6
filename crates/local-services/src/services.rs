//! The running services: start, wait until ready, detect their end, stop.

use std::{
    fs::{self, File},
    net::SocketAddr,
    path::{Path, PathBuf},
    process::Stdio,
    time::Duration,
};

use anyhow::{Context, anyhow};
use futures_util::future::{join_all, select_all};
use rustix::process::{Pid, Signal, kill_process};
use serde::Deserialize;
use tokio::{
    io::{AsyncBufReadExt, BufReader, Lines},
    process::{Child, ChildStdout, Command},
    time::timeout,
};

/// A start takes well under a second; a machine that is busy compiling may need longer.
const START_LIMIT: Duration = Duration::from_secs(30);
/// The services promise to stop within this time.
const STOP_LIMIT: Duration = Duration::from_secs(10);
/// The number of lines that are shown from the log of a failed service.
const TAIL_LINES: usize = 20;

/// The line that a service writes to standard output once it is ready.
#[derive(Clone, Debug, Deserialize)]
pub struct Ready {
    /// Its public address.
    pub listening: SocketAddr,
    /// The address of its operations listener.
    pub ops: SocketAddr,
    /// The version of the service.
    pub version: String,
}

/// The services started so far.
#[derive(Debug)]
pub struct Services {
    /// The directory that holds the standard error of each, as `<name>.log`.
    logs: PathBuf,
    running: Vec<Service>,
}

#[derive(Debug)]
struct Service {
    name: String,
    child: Child,
    /// Kept open after the first line, so that the service never writes to a closed pipe.
    stdout: Lines<BufReader<ChildStdout>>,
    log: PathBuf,
}

impl Services {
    /// Starts no service yet; their logs go to the directory `logs`.
    pub fn new(logs: &Path) -> Self {
        Self { logs: logs.to_owned(), running: Vec::new() }
    }

    /// Starts one more and waits until it is ready.
    ///
    /// # Errors
    /// When it cannot be started, ends, or is not ready within 30 s.
    pub async fn start(
        &mut self,
        name: impl Into<String>,
        command: Command,
    ) -> anyhow::Result<Ready> {
        let name = name.into();
        let log = self.logs.join(&name).with_extension("log");
        let service = Service::spawn(name, command, log)?;
        // Added before it is ready, so that `stop` stops it in any case.
        self.running.push_mut(service).ready().await
    }

    /// The process id of a running service.
    pub fn id(&self, name: &str) -> Option<u32> {
        self.running.iter().find(|service| service.name == name)?.child.id()
    }

    /// Waits until any service ends, which is a failure, and returns its end.
    ///
    /// # Panics
    /// When none was started.
    pub async fn first_to_end(&mut self) -> anyhow::Error {
        select_all(self.running.iter_mut().map(|service| Box::pin(service.ended()))).await.0
    }

    /// Stops all at the same time.
    pub async fn stop(&mut self) {
        join_all(self.running.iter_mut().map(Service::stop)).await;
    }
}

impl Service {
    fn spawn(name: String, mut command: Command, log: PathBuf) -> anyhow::Result<Self> {
        let stderr = File::create(&log).with_context(|| format!("cannot create {log:?}"))?;
        let mut child = command
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(stderr)
            // A group of its own: Ctrl-C in the terminal reaches only us, and we stop the service.
            .process_group(0)
            .kill_on_drop(true)
            .spawn()
            .with_context(|| format!("cannot start {name}"))?;
        let stdout = child.stdout.take().context("standard output is not piped")?;
        Ok(Self { name, child, stdout: BufReader::new(stdout).lines(), log })
    }

    async fn ready(&mut self) -> anyhow::Result<Ready> {
        match timeout(START_LIMIT, self.stdout.next_line()).await {
            Ok(Ok(Some(line))) => serde_json::from_str(&line)
                .with_context(|| format!("{} said on standard output: {line}", self.name)),
            Ok(_closed) => Err(self.ended().await),
            Err(_elapsed) => Err(self.failure("is not ready after 30 s")),
        }
    }

    async fn ended(&mut self) -> anyhow::Error {
        match self.child.wait().await {
            Ok(status) => self.failure(&format!("ended by itself: {status}")),
            Err(error) => anyhow!(error).context(format!("cannot wait for {}", self.name)),
        }
    }

    async fn stop(&mut self) {
        self.terminate();
        if timeout(STOP_LIMIT, self.child.wait()).await.is_err() {
            eprintln!("{} did not stop within 10 s: killing it", self.name);
            if let Err(error) = self.child.kill().await {
                eprintln!("cannot kill {}: {error}", self.name);
            }
        }
    }

    fn terminate(&self) {
        // Without an id it has ended already, and its number may belong to another process.
        let Some(id) = self.child.id() else { return };
        let pid = i32::try_from(id).ok().and_then(Pid::from_raw);
        if let Some(Err(error)) = pid.map(|pid| kill_process(pid, Signal::TERM)) {
            eprintln!("cannot send SIGTERM to {}: {error}", self.name);
        }
    }

    fn failure(&self, what: &str) -> anyhow::Error {
        let log = fs::read(&self.log).unwrap_or_default();
        anyhow!("{} {what}; its log ends with:\n{}", self.name, tail(&log))
    }
}

/// The last lines of a log.
fn tail(log: &[u8]) -> String {
    let log = String::from_utf8_lossy(log);
    let lines: Vec<_> = log.lines().collect();
    lines[lines.len().saturating_sub(TAIL_LINES)..].join("\n")
}

#[cfg(test)]
mod tests {
    use std::os::unix::process::ExitStatusExt;

    use super::*;

    const READY: &str =
        r#"echo '{"service":"s","listening":"127.0.0.1:1","ops":"127.0.0.1:2","version":"0.1.0"}'"#;

    fn shell(script: &str) -> Command {
        let mut command = Command::new("sh");
        command.args(["-c", script]);
        command
    }

    fn services() -> (tempfile::TempDir, Services) {
        let logs = tempfile::tempdir().unwrap();
        let services = Services::new(logs.path());
        (logs, services)
    }

    #[tokio::test]
    async fn a_service_is_ready_after_its_ready_line() {
        let (_logs, mut services) = services();
        let ready = services.start("s", shell(&format!("{READY}; exec sleep 60"))).await.unwrap();
        assert_eq!(ready.listening.port(), 1);
        assert_eq!(ready.ops.port(), 2);
        services.stop().await;
    }

    #[tokio::test]
    async fn a_service_that_ends_at_once_shows_its_log() {
        let (_logs, mut services) = services();
        let error = services.start("s", shell("echo no such port >&2; exit 64")).await.unwrap_err();
        let expected = "s ended by itself: exit status: 64; its log ends with:\nno such port";
        assert_eq!(error.to_string(), expected);
    }

    #[tokio::test]
    async fn a_running_service_that_ends_is_reported() {
        let (_logs, mut services) = services();
        services.start("a", shell(&format!("{READY}; exec sleep 60"))).await.unwrap();
        services.start("b", shell(&format!("{READY}; exit 3"))).await.unwrap();
        let error = services.first_to_end().await;
        assert!(error.to_string().starts_with("b ended by itself: exit status: 3"), "{error}");
        services.stop().await;
    }

    #[tokio::test]
    async fn services_are_stopped_by_sigterm() {
        let (_logs, mut services) = services();
        services.start("s", shell(&format!("{READY}; exec sleep 60"))).await.unwrap();
        services.stop().await;
        let status = services.running[0].child.wait().await.unwrap();
        assert_eq!(status.signal(), Some(Signal::TERM.as_raw()));
    }

    #[test]
    fn a_tail_is_the_last_lines() {
        let log: String = (1..=50).map(|n| format!("line {n}\n")).collect();
        let tail = tail(log.as_bytes());
        assert!(tail.starts_with("line 31\n") && tail.ends_with("line 50"), "{tail}");
    }
}
