//! A PostgreSQL server with its usual settings.

use std::{
    fs::{self, File},
    net::{SocketAddr, TcpListener},
    os::unix::fs::chown,
    path::{Path, PathBuf},
    process::Stdio,
    time::{Duration, Instant},
};

use anyhow::{Context, ensure};
use rustix::process::geteuid;
use tempfile::TempDir;
use tokio::{
    net::TcpStream,
    process::{Child, Command},
};

const START_LIMIT: Duration = Duration::from_secs(10);
/// Where Debian keeps the programs.
const PROGRAMS: &str = "/usr/lib/postgresql/15/bin";

/// A running server. Root starts it as `postgres`, since it refuses to run as root.
pub(crate) struct Postgres {
    address: SocketAddr,
    process: Child,
    _directory: TempDir,
}

impl Postgres {
    /// Starts one with new data.
    pub(crate) async fn start() -> anyhow::Result<Self> {
        // Not below the directory of the run, which other accounts cannot enter.
        let directory = tempfile::Builder::new().prefix("bench-postgres-").tempdir()?;
        let account = Account::of_servers()?;
        if let Some(Account { user, group }) = account {
            chown(directory.path(), Some(user), Some(group))?;
        }
        let data = directory.path().join("data");
        initialize(account, &data).await?;
        let address = TcpListener::bind("127.0.0.1:0")?.local_addr()?;
        let process = serve(account, &data, address)?;
        let mut postgres = Self { address, process, _directory: directory };
        postgres.wait().await?;
        Ok(postgres)
    }

    /// The URL of its only database.
    pub(crate) fn url(&self) -> String {
        format!("postgres://postgres@{}/postgres", self.address)
    }

    async fn wait(&mut self) -> anyhow::Result<()> {
        let started = Instant::now();
        while TcpStream::connect(self.address).await.is_err() {
            let ended = self.process.try_wait()?;
            ensure!(ended.is_none(), "PostgreSQL has ended");
            ensure!(started.elapsed() < START_LIMIT, "PostgreSQL does not listen");
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        Ok(())
    }

    pub(crate) async fn stop(mut self) -> std::io::Result<()> {
        self.process.kill().await
    }
}

async fn initialize(account: Option<Account>, data: &Path) -> anyhow::Result<()> {
    let mut initdb = command(account, "initdb");
    initdb.arg("--pgdata").arg(data);
    initdb.args(["--username=postgres", "--auth=trust", "--no-locale", "--encoding=UTF8"]);
    let output = initdb.output().await.context("cannot run initdb")?;
    let explanation = String::from_utf8_lossy(&output.stderr);
    ensure!(output.status.success(), "initdb failed (Debian: postgresql): {explanation}");
    Ok(())
}

fn serve(account: Option<Account>, data: &Path, address: SocketAddr) -> anyhow::Result<Child> {
    let log = File::create(data.with_file_name("log"))?;
    let mut postgres = command(account, "postgres");
    postgres.arg("-D").arg(data).arg("-k").arg(data);
    postgres.args(["-h", &address.ip().to_string(), "-p", &address.port().to_string()]);
    postgres.stdin(Stdio::null()).stdout(log.try_clone()?).stderr(log);
    postgres.kill_on_drop(true).spawn().context("cannot start postgres")
}

fn command(account: Option<Account>, program: &str) -> Command {
    let program = PathBuf::from(PROGRAMS).join(program);
    let Some(Account { user, group }) = account else {
        return Command::new(program);
    };
    let mut command = Command::new("setpriv");
    command.args(["--clear-groups", "--reuid", &user.to_string(), "--regid", &group.to_string()]);
    command.arg(program);
    command
}

/// A user without privileges, by its numbers.
#[derive(Clone, Copy)]
struct Account {
    user: u32,
    group: u32,
}

impl Account {
    /// None if this process is not root's.
    fn of_servers() -> anyhow::Result<Option<Self>> {
        if !geteuid().is_root() {
            return Ok(None);
        }
        let accounts = fs::read_to_string("/etc/passwd")?;
        let account = accounts.lines().find_map(Self::parse);
        account.context("no account postgres (Debian package: postgresql)").map(Some)
    }

    fn parse(line: &str) -> Option<Self> {
        let fields: Vec<_> = line.split(':').collect();
        match fields[..] {
            ["postgres", _, user, group, ..] => {
                Some(Self { user: user.parse().ok()?, group: group.parse().ok()? })
            }
            _ => None,
        }
    }
}
