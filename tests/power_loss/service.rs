//! sso-service on a disk that may lose what was not synced.

use std::{
    fs::{self, File},
    io::{BufRead, BufReader},
    path::{Path, PathBuf},
    process::{Child, ChildStdout, ExitStatus, Stdio},
    sync::mpsc,
    thread,
    time::{Duration, Instant},
};

use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;

use crate::{
    clients::Api,
    harness::{ADMIN, binaries::binaries, command::clean, patience},
    layer::{Faults, Layer},
};

/// A directory with a database, beside it what a process writes elsewhere.
#[derive(Debug)]
pub(crate) struct Home {
    directory: PathBuf,
}

impl Home {
    /// Uses an existing directory.
    pub(crate) fn new(directory: &Path) -> Self {
        let home = Self { directory: directory.to_owned() };
        fs::create_dir_all(home.database_directory()).unwrap();
        home
    }

    /// The directory of the database, which contains nothing else.
    pub(crate) fn database_directory(&self) -> PathBuf {
        self.directory.join("database")
    }

    pub(crate) fn database_url(&self) -> String {
        format!("sqlite://{}", self.database_directory().join("sso.db").display())
    }

    /// The log of the layer.
    pub(crate) fn layer_log(&self) -> PathBuf {
        self.directory.join("layer.log")
    }

    fn error_file(&self) -> PathBuf {
        self.directory.join("stderr")
    }

    /// Starts sso-service. With a layer, it may end before it is ready.
    pub(crate) fn start(&self, layer: Option<(&Layer, Faults)>) -> Result<Service, Ending> {
        let url = self.database_url();
        let variables = [
            ("SSO_LISTEN", "127.0.0.1:0"),
            ("SSO_OPS_LISTEN", "127.0.0.1:0"),
            ("SSO_DATABASE_URL", &url),
            ("SSO_ADMIN_USERNAME", ADMIN.0),
            ("SSO_ADMIN_PASSWORD", ADMIN.1),
            ("SSO_TOKEN_TTL", "24h"),
            ("SSO_REFRESH_TTL", "24h"),
            ("SSO_MAX_SESSIONS_PER_USER", "100000"),
            ("SSO_LOG_FORMAT", "text"),
        ];
        let mut command = clean(&binaries().sso_service, &self.directory, &variables);
        if let Some((layer, faults)) = layer {
            layer.load(&mut command, &self.database_directory(), &self.layer_log(), faults);
        }
        command.stdin(Stdio::null()).stdout(Stdio::piped());
        command.stderr(File::create(self.error_file()).unwrap());
        let mut child = command.spawn().unwrap();
        let line = first_line(child.stdout.take().unwrap());
        let mut service = Service { child, error_file: self.error_file(), url: String::new() };
        match line.recv_timeout(2 * patience()) {
            Ok(line) if !line.is_empty() => {
                let line: Value = serde_json::from_str(&line).unwrap();
                service.url = format!("http://{}", line["listening"].as_str().unwrap());
                Ok(service)
            }
            Ok(_) => Err(service.end()),
            Err(_) => panic!("not ready:\n{}", service.log()),
        }
    }
}

/// The first line of an output, empty if there is none. The output is read to its end.
fn first_line(output: ChildStdout) -> mpsc::Receiver<String> {
    let (sender, receiver) = mpsc::channel();
    thread::spawn(move || {
        let mut lines = BufReader::new(output).lines().map_while(Result::ok);
        let _ = sender.send(lines.next().unwrap_or_default());
        lines.for_each(drop);
    });
    receiver
}

/// A process that is ready.
#[derive(Debug)]
pub(crate) struct Service {
    child: Child,
    error_file: PathBuf,
    url: String,
}

/// How a process ended.
#[derive(Debug)]
pub(crate) struct Ending {
    pub(crate) status: ExitStatus,
    /// Its standard error.
    pub(crate) log: String,
}

impl Service {
    pub(crate) fn api(&self) -> Api {
        Api::at(&self.url)
    }

    /// Where it listens.
    pub(crate) fn address(&self) -> &str {
        self.url.strip_prefix("http://").unwrap()
    }

    pub(crate) fn terminate(&self) {
        kill_process(Pid::from_child(&self.child), Signal::TERM).unwrap();
    }

    /// Kills it between two of its calls.
    pub(crate) fn kill(&mut self, layer_log: &Path) {
        let log = File::open(layer_log).ok();
        if let Some(log) = &log {
            log.lock().unwrap();
        }
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    pub(crate) fn has_ended(&mut self) -> bool {
        self.child.try_wait().unwrap().is_some()
    }

    /// Waits for its end.
    ///
    /// # Panics
    /// When it does not end.
    pub(crate) fn end(&mut self) -> Ending {
        let started = Instant::now();
        loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                return Ending { status, log: self.log() };
            }
            assert!(started.elapsed() < patience(), "it does not end:\n{}", self.log());
            thread::sleep(Duration::from_millis(2));
        }
    }

    pub(crate) fn log(&self) -> String {
        fs::read_to_string(&self.error_file).unwrap_or_default()
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
