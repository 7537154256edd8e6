//! A service as a process: started, watched, stopped.

use std::{
    io::{BufRead, BufReader, Read},
    net::SocketAddr,
    process::{Child, Command, ExitStatus, Stdio},
    sync::{Arc, Mutex, mpsc},
    thread::{self, JoinHandle},
    time::{Duration, Instant},
};

use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;

use super::{
    process::Process,
    secrets::Secrets,
    wait::{patience, until},
};

/// The time limit of a stop, from the contract.
const STOP_BOUND: Duration = Duration::from_secs(10);

/// A running service. When it goes out of scope it is stopped by SIGTERM; it must then exit with
/// 0 in time and have logged neither a secret nor a panic.
#[derive(Debug)]
pub(crate) struct Service {
    child: Child,
    ready_line: Value,
    stdout: Output,
    stderr: Output,
    secrets: Secrets,
    ended: bool,
}

impl Service {
    /// Starts it and waits until it is ready.
    pub(crate) fn start(mut command: Command, secrets: &Secrets) -> Self {
        let mut child = command
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap_or_else(|error| panic!("cannot start {command:?}: {error}"));
        let stderr = Output::drain(child.stderr.take().unwrap(), None);
        let (first_line, ready) = mpsc::channel();
        let stdout = Output::drain(child.stdout.take().unwrap(), Some(first_line));
        let Ok(line) = ready.recv_timeout(2 * patience()) else {
            let _ = child.kill();
            panic!("{command:?} is not ready:\n{}", stderr.text());
        };
        let ready_line = serde_json::from_str(&line).unwrap();
        Self { child, ready_line, stdout, stderr, secrets: secrets.clone(), ended: false }
    }

    /// Its ready line on standard output.
    pub(crate) fn ready_line(&self) -> &Value {
        &self.ready_line
    }

    pub(crate) fn listening(&self) -> SocketAddr {
        self.address("listening")
    }

    pub(crate) fn ops(&self) -> SocketAddr {
        self.address("ops")
    }

    fn address(&self, field: &str) -> SocketAddr {
        self.ready_line[field].as_str().unwrap().parse().unwrap()
    }

    /// The number of its process.
    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    /// The facts of the kernel about it.
    pub(crate) fn process(&self) -> Process {
        Process::new(self.child.id())
    }

    /// Stops it and gives its whole standard error.
    pub(crate) fn stop_and_read_log(&mut self) -> String {
        self.stop();
        self.stderr.text()
    }

    pub(crate) fn terminate(&self) {
        self.signal(Signal::TERM);
    }

    pub(crate) fn interrupt(&self) {
        self.signal(Signal::INT);
    }

    /// Pauses all of its threads.
    pub(crate) async fn pause(&self) {
        self.signal(Signal::STOP);
        // The signal is delivered asynchronously; a thread may still be running.
        until("the service stands still", patience(), async || {
            self.process().stands_still().then_some(())
        })
        .await;
    }

    pub(crate) fn resume(&self) {
        self.signal(Signal::CONT);
    }

    fn signal(&self, signal: Signal) {
        kill_process(Pid::from_child(&self.child), signal).unwrap();
    }

    /// Kills it, like a crash.
    pub(crate) fn kill(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
        self.ended = true;
    }

    /// Stops it, checks its end, and gives the time that the stop took.
    pub(crate) fn stop(&mut self) -> Duration {
        self.terminate();
        self.check_ending()
    }

    /// Waits for the end of a signalled service without blocking the test's other tasks, checks it,
    /// and gives the time that it took.
    pub(crate) async fn ending(&mut self) -> Duration {
        let started = Instant::now();
        while started.elapsed() < STOP_BOUND && self.child.try_wait().unwrap().is_none() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        self.check_ending();
        started.elapsed()
    }

    fn check_ending(&mut self) -> Duration {
        let started = Instant::now();
        self.ended = true;
        let Some(status) = self.wait(STOP_BOUND) else {
            let _ = self.child.kill();
            panic!("not stopped within {STOP_BOUND:?}:\n{}", self.stderr.text());
        };
        let took = started.elapsed();
        let (stdout, log) = (self.stdout.finish(), self.stderr.finish());
        assert!(status.success(), "stopped with {status}:\n{log}");
        assert_eq!(stdout.lines().count(), 1, "more than the ready line:\n{stdout}");
        assert!(!log.contains("panicked at"), "{log}");
        self.secrets.check_absent_from(&log);
        self.secrets.check_absent_from(&stdout);
        took
    }

    fn wait(&mut self, bound: Duration) -> Option<ExitStatus> {
        let started = Instant::now();
        loop {
            match self.child.try_wait().unwrap() {
                None if started.elapsed() < bound => thread::sleep(Duration::from_millis(2)),
                status => return status,
            }
        }
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        if thread::panicking() {
            let _ = self.child.kill();
            let _ = self.child.wait();
            eprintln!("--- {}:\n{}", self.ready_line["service"], self.stderr.finish());
        } else if self.ended {
            self.secrets.check_absent_from(&self.stderr.finish());
        } else {
            self.stop();
        }
    }
}

/// The output of a process, collected while it runs, so that it never waits for a reader.
#[derive(Debug)]
struct Output {
    bytes: Arc<Mutex<Vec<u8>>>,
    drain: Option<JoinHandle<()>>,
}

impl Output {
    fn drain(
        source: impl Read + Send + 'static,
        mut first_line: Option<mpsc::Sender<String>>,
    ) -> Self {
        let bytes = Arc::new(Mutex::new(Vec::new()));
        let drained = bytes.clone();
        let drain = thread::spawn(move || {
            let mut source = BufReader::new(source);
            let mut line = Vec::new();
            while source.read_until(b'\n', &mut line).is_ok_and(|read| read > 0) {
                drained.lock().unwrap().extend_from_slice(&line);
                if let Some(first_line) = first_line.take() {
                    let _ = first_line.send(String::from_utf8_lossy(&line).into_owned());
                }
                line.clear();
            }
        });
        Self { bytes, drain: Some(drain) }
    }

    fn text(&self) -> String {
        String::from_utf8_lossy(&self.bytes.lock().unwrap()).into_owned()
    }

    /// The whole output of an ended process.
    fn finish(&mut self) -> String {
        if let Some(drain) = self.drain.take() {
            drain.join().unwrap();
        }
        self.text()
    }
}
