//! The server, which starts with the first test that needs it.

use std::{
    fs::{self, File},
    path::Path,
    process::{Child, Command, Stdio},
    sync::{
        LazyLock,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

use super::{
    super::daemon::{Account, LastSignal, ServerDirectory, spawn},
    database::ROLE,
    programs::program,
    template,
};

/// The time limit of its start on a busy machine.
const PATIENCE: Duration = Duration::from_secs(30);
/// Tests run on every processor, and each service has several connections.
const CONNECTIONS: usize = 600;

/// Ends with this process.
static SERVER: LazyLock<Server> = LazyLock::new(Server::start);

struct Server {
    directory: ServerDirectory,
    databases: AtomicUsize,
    _process: Child,
}

/// The URL of a new, empty database.
pub(in crate::test_databases) fn new_database() -> String {
    SERVER.new_database()
}

impl Server {
    fn start() -> Self {
        let directory = ServerDirectory::new();
        let data = directory.path().join("data");
        template::copy_to(&data);
        let log = File::create(directory.path().join("log")).unwrap();
        let mut command = Account::command(&program("postgres"), LastSignal::Quit);
        command.arg("-D").arg(&data).args(["-c", "listen_addresses="]);
        command.arg("-k").arg(directory.path()).args(["-N", &CONNECTIONS.to_string()]);
        command.env("LC_ALL", "C").stdin(Stdio::null()).stdout(Stdio::null()).stderr(log);
        let process = spawn(command);
        wait_until_ready(&directory.path().join("log"), &data.join("postmaster.pid"));
        Self { directory, databases: AtomicUsize::new(0), _process: process }
    }

    fn new_database(&self) -> String {
        let name = format!("test_{}", self.databases.fetch_add(1, Ordering::Relaxed));
        let mut create = Command::new(program("createdb"));
        create.arg("--host").arg(self.directory.path());
        create.args(["--username=postgres", "--owner", ROLE, &name]);
        let output = create.output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        format!("postgres://{ROLE}@localhost/{name}?host={}", self.directory.path().display())
    }
}

/// The eighth line of its lock file says so.
fn wait_until_ready(log: &Path, lock: &Path) {
    let started = Instant::now();
    let is_ready = || {
        let lock = fs::read_to_string(lock).unwrap_or_default();
        lock.lines().nth(7).is_some_and(|state| state.trim_end() == "ready")
    };
    while !is_ready() {
        let log = || fs::read_to_string(log).unwrap_or_default();
        assert!(started.elapsed() < PATIENCE, "PostgreSQL is not ready:\n{}", log());
        thread::sleep(Duration::from_millis(5));
    }
}
