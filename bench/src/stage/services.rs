//! The stage of a bench: both services, a user, and shared logs.

use std::{
    cell::OnceCell,
    fs,
    net::SocketAddr,
    path::{Path, PathBuf},
};

use anyhow::{Context, ensure};
use local_services::{
    accounts::Account,
    binaries::{Binaries, Executables},
    certificates::Certificates,
    endpoint::Endpoint,
    launch,
    services::{Ready, Services},
};
use tokio::process::Command;

use crate::{clients::http, stage::log_files, stage::process::Process};

/// The size of the log of `download`, `kubernetes` and `slow-reader`.
const LARGE_LOG_BYTES: u64 = 1 << 30;
/// Any free port.
const ANY: &str = "127.0.0.1:0";

/// The state that all benches of a run share.
pub(crate) struct Stage<'a> {
    binaries: Binaries,
    bare_actix: PathBuf,
    home: &'a Path,
    pub(crate) logs: PathBuf,
    /// The administrator of every database.
    pub(crate) user: Account,
    large_log: OnceCell<PathBuf>,
}

/// Both services, running for one bench.
pub(crate) struct Pair {
    pub(crate) sso_service: SocketAddr,
    pub(crate) sso_ops: SocketAddr,
    pub(crate) gateway: SocketAddr,
    pub(crate) gateway_process: Process,
    /// The token of a user with all permissions.
    pub(crate) token: String,
}

impl<'a> Stage<'a> {
    /// Below the directory `home`.
    pub(crate) fn new(executables: &Executables, home: &'a Path) -> anyhow::Result<Self> {
        let binaries = Binaries::among(executables)?;
        let bare_actix = executables.path("bare-actix")?.to_owned();
        let user = Account::new("bench")?;
        let (logs, large_log) = (home.join("pods"), OnceCell::new());
        fs::create_dir_all(&logs).with_context(|| format!("cannot create {logs:?}"))?;
        Ok(Self { binaries, bare_actix, home, logs, user, large_log })
    }

    /// The path of a file of a bench.
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.home.join(name)
    }

    /// The directory with the JavaScript libraries that `cargo xtask peers` installs.
    pub(crate) fn libraries(&self) -> anyhow::Result<PathBuf> {
        let target = self.bare_actix.parent().and_then(Path::parent);
        let directory = target.context("no target directory")?.join("peers/javascript");
        ensure!(
            directory.join("installed").exists(),
            "no JavaScript libraries: run cargo xtask peers"
        );
        Ok(directory)
    }

    /// Starts both services.
    pub(crate) async fn start(&self, services: &mut Services) -> anyhow::Result<Pair> {
        self.start_at(ANY.to_owned(), services).await
    }

    /// Starts both services, and the authority at a certain address.
    pub(crate) async fn start_at(
        &self,
        sso_service: String,
        services: &mut Services,
    ) -> anyhow::Result<Pair> {
        let listen = [sso_service, ANY.to_owned()];
        self.start_pair(listen, None, services).await
    }

    /// Starts both services, the gateway with a certificate.
    pub(crate) async fn start_over_tls(
        &self,
        certificates: &Certificates,
        services: &mut Services,
    ) -> anyhow::Result<Pair> {
        self.start_pair([ANY, ANY].map(str::to_owned), Some(certificates), services).await
    }

    async fn start_pair(
        &self,
        listen: [String; 2],
        certificates: Option<&Certificates>,
        services: &mut Services,
    ) -> anyhow::Result<Pair> {
        let sso = launch::sso_service(&self.binaries, self.home, &self.user, listen);
        let sso = services.start("sso-service", sso).await?;
        let authority = Endpoint { address: sso.listening, certificates: None };
        let mut gateway = self.gateway(&authority);
        launch::set_certificate(&mut gateway, "GATEWAY", certificates);
        let gateway = services.start("logs-gateway", gateway).await?;
        let id = services.id("logs-gateway").context("logs-gateway has ended")?;
        let session = self.user.log_in(&authority).await?;
        Ok(Pair {
            sso_service: sso.listening,
            sso_ops: sso.ops,
            gateway: gateway.listening,
            gateway_process: Process(id),
            token: session.token,
        })
    }

    /// Mints sessions of the user in the database at this URL, and gives their tokens.
    pub(crate) async fn mint_on(&self, url: &str, count: usize) -> anyhow::Result<Vec<String>> {
        let mut command = self.minting(self.home, count);
        command.env("SSO_DATABASE_URL", url);
        tokens_of(command).await
    }

    /// `sso-service` with the user as administrator, on a database in this directory.
    pub(crate) fn sso_service(&self, home: &Path) -> Command {
        launch::sso_service(&self.binaries, home, &self.user, [ANY, ANY].map(str::to_owned))
    }

    /// The command that mints many sessions of the user, and prints their tokens.
    pub(crate) fn minting(&self, home: &Path, count: usize) -> Command {
        let mut command = launch::on_database(&self.binaries, home);
        command.args(["admin", "sessions", "mint", "--user", self.user.name, "--ttl", "1h"]);
        command.args(["--count", &count.to_string()]).kill_on_drop(true);
        command
    }

    /// Starts a gateway for the authority at this address, which may start later.
    pub(crate) async fn start_gateway(
        &self,
        name: &'static str,
        sso_service: SocketAddr,
        services: &mut Services,
    ) -> anyhow::Result<Ready> {
        let authority = Endpoint { address: sso_service, certificates: None };
        services.start(name, self.gateway(&authority)).await
    }

    /// The gateway of a node behind a front, on this address, with one worker.
    pub(crate) fn node_gateway(
        &self,
        name: &str,
        logs: &Path,
        listen: &str,
        certificates: &Certificates,
    ) -> Command {
        let mut command = launch::node_gateway(&self.binaries, name, logs, listen, certificates);
        command.env("GATEWAY_WORKERS", "1");
        command
    }

    /// A front of nodes at these addresses.
    pub(crate) fn front(
        &self,
        authority: &Endpoint<'_>,
        nodes: &[SocketAddr],
        certificates: &Certificates,
    ) -> Command {
        let listen = [ANY, ANY].map(str::to_owned);
        let mut front = launch::front(&self.binaries, authority, nodes, certificates, listen);
        front.env("GATEWAY_MAX_STREAMS_PER_USER", "1000000");
        front
    }

    /// `logs-gateway` over the shared logs, with this authority.
    pub(crate) fn gateway(&self, authority: &Endpoint<'_>) -> Command {
        let listen = [ANY, ANY].map(str::to_owned);
        let mut gateway = launch::logs_gateway(&self.binaries, authority, &self.logs, listen);
        gateway.env("GATEWAY_MAX_STREAMS_PER_USER", "1000000");
        gateway
    }

    /// New ones, of this run.
    pub(crate) fn certificates(&self) -> anyhow::Result<Certificates> {
        let directory = tempfile::tempdir_in(self.home).context("cannot create a directory")?;
        Certificates::create(&directory.keep())
    }

    /// Bare actix, which gives this answer to every request.
    pub(crate) fn bare_actix(&self, answer: &str) -> Command {
        let mut command = Command::new(&self.bare_actix);
        command.arg(answer);
        command
    }

    /// Mints many sessions of the user, and gives their tokens.
    pub(crate) async fn mint(&self, count: usize) -> anyhow::Result<Vec<String>> {
        tokens_of(self.minting(self.home, count)).await
    }

    /// A log of 1 GiB, of the pod `large`, written at the first call.
    pub(crate) async fn large_log(&self) -> anyhow::Result<&Path> {
        if self.large_log.get().is_none() {
            let path = log_files::create(&self.logs, "large", LARGE_LOG_BYTES).await?;
            // Only one bench runs at a time.
            let _first = self.large_log.set(path);
        }
        self.large_log.get().map(PathBuf::as_path).context("no large log")
    }
}

async fn tokens_of(mut minting: Command) -> anyhow::Result<Vec<String>> {
    let output = minting.output().await.context("cannot run sso-service admin")?;
    let explanation = String::from_utf8_lossy(&output.stderr);
    ensure!(output.status.success(), "cannot mint sessions: {explanation}");
    let tokens = String::from_utf8(output.stdout).context("a token is not UTF-8")?;
    Ok(tokens.lines().map(str::to_owned).collect())
}

impl Pair {
    /// A request of the gateway for a log as text.
    pub(crate) fn text_request(&self, path_and_query: &str) -> Vec<u8> {
        let headers = [("Accept", "text/plain")];
        http::request("GET", path_and_query, &self.token, &headers)
    }
}
