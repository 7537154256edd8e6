//! A cluster: one server and its data.

use std::{
    fs,
    net::SocketAddr,
    path::{Path, PathBuf},
    process::Command,
    sync::atomic::{AtomicUsize, Ordering},
};

use rustix::process::Signal;
use tokio::sync::OnceCell;

use super::{
    super::{
        daemon::{
            CERTIFICATE, Daemon, KEY, LastSignal, ServerDirectory, blocking, install_certificate,
        },
        loopback::own_address,
    },
    configuration::demand_tls,
    database::{Database, ROLE, psql},
    programs::{all_installed, program},
    template,
};
use crate::harness::PrivateCa;

/// A running cluster, or one that a test has stopped or killed.
#[derive(Debug)]
pub(crate) struct Postgres {
    daemon: Daemon,
    address: SocketAddr,
    ca: Option<String>,
    databases: AtomicUsize,
    pub(super) standbys: AtomicUsize,
}

impl Postgres {
    /// Fails with the reason why PostgreSQL is missing.
    pub(crate) fn installed() -> Result<(), String> {
        all_installed()
    }

    /// The cluster of all tests that need only a database of their own.
    pub(crate) async fn shared() -> &'static Self {
        static SHARED: OnceCell<Postgres> = OnceCell::const_new();
        SHARED.get_or_init(Self::start).await
    }

    /// A cluster of the test's own.
    pub(crate) async fn start() -> Self {
        let mut cluster = Self::create(own_address()).await;
        cluster.start_daemon().await;
        cluster
    }

    /// A cluster of the test's own that accepts TCP connections over TLS alone.
    pub(crate) async fn start_over_tls(ca: &PrivateCa) -> Self {
        let mut cluster = Self::create(own_address()).await;
        let directory = cluster.daemon.directory();
        cluster.ca = Some(install_certificate(ca, cluster.address.ip(), directory));
        demand_tls(&data(directory));
        let [certificate, key] = [("cert", CERTIFICATE), ("key", KEY)].map(|(setting, name)| {
            format!("--ssl_{setting}_file={}", directory.join(name).display())
        });
        cluster.daemon = cluster.daemon.args(["--ssl=on".to_owned(), certificate, key]);
        cluster.start_daemon().await;
        cluster
    }

    async fn create(address: SocketAddr) -> Self {
        let directory = ServerDirectory::new();
        let data = data(directory.path());
        blocking(move || template::copy_to(&data)).await;
        Self::over(directory, address)
    }

    /// The cluster whose data is in this directory, not started yet.
    pub(super) fn over(directory: ServerDirectory, address: SocketAddr) -> Self {
        let arguments = [
            format!("--data_directory={}", data(directory.path()).display()),
            format!("--unix_socket_directories={}", directory.path().display()),
            format!("--listen_addresses={}", address.ip()),
            format!("--port={}", address.port()),
        ];
        let data = data(directory.path());
        // An immediate shutdown, which leaves no shared memory behind.
        let daemon = Daemon::new(&program("postgres"), directory, LastSignal::Quit);
        let daemon = daemon.args([PathBuf::from("-D"), data]).args(arguments);
        let (databases, standbys) = (AtomicUsize::new(0), AtomicUsize::new(0));
        Self { daemon, address, ca: None, databases, standbys }
    }

    pub(super) async fn start_daemon(&mut self) {
        let lock = data(self.daemon.directory()).join("postmaster.pid");
        self.daemon.start(async |id| is_ready(&lock, id)).await;
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    /// Creates an empty database.
    pub(crate) async fn database(&self) -> Database {
        let name = format!("test_{}", self.databases.fetch_add(1, Ordering::Relaxed));
        self.sql(&format!("CREATE DATABASE {name} OWNER {ROLE}")).await;
        Database::new(name, self.address, self.ca.clone())
    }

    /// Executes a statement as the superuser, in the database `postgres`, over the socket. Gives
    /// the rows: a line each, with `|` between the values.
    ///
    /// # Panics
    /// When the statement fails.
    pub(crate) async fn sql(&self, statement: &str) -> String {
        psql(&self.socket(), statement).await.unwrap()
    }

    /// A connection string of libpq for the superuser.
    pub(super) fn socket(&self) -> String {
        let (directory, port) = (self.daemon.directory().display(), self.address.port());
        format!("host={directory} port={port} user=postgres dbname=postgres")
    }

    /// Shuts it down: it ends connections, and writes everything to disk (mode "fast").
    pub(crate) async fn stop(&mut self) {
        self.daemon.stop(Signal::INT).await;
    }

    /// Kills all of its processes. Does nothing if it does not run.
    pub(crate) fn kill(&mut self) {
        if self.daemon.is_running() {
            self.daemon.kill();
            remove_shared_memory(&data(self.daemon.directory()));
        }
    }

    /// Starts it again, at the same address. If it runs, it is stopped before.
    pub(crate) async fn restart(&mut self) {
        if self.daemon.is_running() {
            self.stop().await;
        }
        self.start_daemon().await;
    }

    /// Pauses all of its processes.
    pub(crate) fn pause(&self) {
        self.daemon.pause();
    }

    /// Continues all of its processes.
    pub(crate) fn resume(&self) {
        self.daemon.resume();
    }
}

/// The data in the directory of a server.
pub(super) fn data(directory: &Path) -> PathBuf {
    directory.join("data")
}

/// Whether this process wrote into its lock file that it accepts connections. A killed server
/// leaves its file behind.
fn is_ready(lock: &Path, id: u32) -> bool {
    let lines = fs::read_to_string(lock).unwrap_or_default();
    let lines: Vec<_> = lines.lines().map(str::trim_end).collect();
    lines.first() == Some(&id.to_string().as_str()) && lines.get(7) == Some(&"ready")
}

/// Removes what the system keeps of a killed server: the segment that the lock file names, by its
/// key and id.
fn remove_shared_memory(data: &Path) {
    let lines = fs::read_to_string(data.join("postmaster.pid")).unwrap_or_default();
    if let Some(id) = lines.lines().nth(6).and_then(|line| line.split_whitespace().nth(1)) {
        let status = Command::new("ipcrm").args(["--shmem-id", id]).status().unwrap();
        assert!(status.success(), "cannot remove the shared memory of a killed server");
    }
}
