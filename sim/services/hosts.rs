//! The hosts, and the programs on them.

use std::{
    fs, io,
    net::{Ipv4Addr, SocketAddr},
    path::Path,
    rc::Rc,
};

use service_runtime::simulation::{Accepted, Connection};
use sso_service::simulation::SimulatedDatabase;
use tempfile::TempDir;
use tokio::{sync::OnceCell, task::spawn_local};
use turmoil::{
    Sim,
    net::{TcpListener, TcpStream},
};

use crate::{processes::Process, trace::Trace};

pub(crate) const CLIENTS: &str = "clients";
pub(crate) const DATABASE: &str = "database";
pub(crate) const GATEWAY: &str = "gateway";
/// The username and password of the administrator that the first instance creates.
pub(crate) const ADMIN: [&str; 2] = ["root", "correct horse battery staple"];

const SSO_PORT: u16 = 8001;
const GATEWAY_PORT: u16 = 8000;
const POSTGRES_PORT: u16 = 5432;
const LOG_LINE: &str = "2026-11-01T10:00:00Z stdout F line\n";

/// The hosts of a simulation.
pub(crate) struct Hosts {
    /// Each by the name of its host.
    pub(crate) processes: Vec<(String, Process)>,
    pub(crate) instances: Vec<String>,
    _files: TempDir,
}

impl Hosts {
    /// Adds so many instances, a gateway and a database.
    pub(crate) fn start(sim: &mut Sim<'_>, instances: usize, trace: &Trace) -> io::Result<Self> {
        let files = tempfile::tempdir()?;
        let instances: Vec<_> = (1..=instances).map(|number| format!("sso-{number}")).collect();
        let mut processes = Vec::new();
        let mut add = |name: &str| {
            let process = Process::default();
            processes.push((name.to_owned(), process.clone()));
            process
        };
        add_database(sim, add(DATABASE), files.path())?;
        for instance in &instances {
            add_instance(sim, add(instance), instance, trace);
        }
        add_gateway(sim, add(GATEWAY), &instances, files.path())?;
        Ok(Self { processes, instances, _files: files })
    }
}

/// The URL of an instance.
pub(crate) fn instance_url(instance: &str) -> String {
    format!("http://{instance}:{SSO_PORT}")
}

/// The URL of the gateway.
pub(crate) fn gateway_url() -> String {
    format!("http://{GATEWAY}:{GATEWAY_PORT}")
}

fn add_database(sim: &mut Sim<'_>, process: Process, files: &Path) -> io::Result<()> {
    let database = SimulatedDatabase::create(files)?;
    let run = move || {
        let database = database.clone();
        async move {
            let listener = Listener::on(POSTGRES_PORT);
            while let Ok((connection, _)) = listener.accept().await {
                spawn_local(database.clone().serve(connection));
            }
        }
    };
    sim.host(DATABASE, move || process.clone().supervise(run.clone()));
    Ok(())
}

fn add_instance(sim: &mut Sim<'_>, process: Process, name: &str, trace: &Trace) {
    let (host, of_host, trace) = (Rc::<str>::from(name), process.clone(), trace.clone());
    let run = move || run_instance(host.clone(), process.clone(), trace.clone());
    sim.host(name, move || of_host.clone().supervise(run.clone()));
}

async fn run_instance(name: Rc<str>, process: Process, trace: Trace) {
    let variables = [
        ("SSO_DATABASE_URL", "postgres://sso@database/sso"),
        ("SSO_ADMIN_USERNAME", ADMIN[0]),
        ("SSO_ADMIN_PASSWORD", ADMIN[1]),
        ("SSO_MAX_SESSIONS_PER_USER", "10000"),
        ("SSO_PUBLIC_URL", "https://sso.example"),
    ];
    let address = SocketAddr::from((turmoil::lookup(&*name), SSO_PORT));
    let listener = Listener::on(SSO_PORT);
    let accept = async || listener.accept().await;
    let stop = process.terminated();
    let ended = sso_service::simulation::run(owned(&variables), address, accept, stop).await;
    trace.note(&format!("{name} has ended: {ended:?}"));
}

fn add_gateway(
    sim: &mut Sim<'_>,
    process: Process,
    instances: &[String],
    files: &Path,
) -> io::Result<()> {
    let logs = files.join("logs");
    fs::create_dir_all(logs.join("shop_web_1/app"))?;
    fs::write(logs.join("shop_web_1/app/0.log"), LOG_LINE)?;
    let urls: Vec<_> = instances.iter().map(|instance| instance_url(instance)).collect();
    let variables = Rc::new([
        ("GATEWAY_SSO_URL".to_owned(), urls.join(",")),
        ("GATEWAY_LOGS_DIR".to_owned(), logs.display().to_string()),
    ]);
    let run = move || run_gateway(variables.clone());
    sim.host(GATEWAY, move || process.clone().supervise(run.clone()));
    Ok(())
}

async fn run_gateway(variables: Rc<[(String, String); 2]>) {
    let address = SocketAddr::from((turmoil::lookup(GATEWAY), GATEWAY_PORT));
    let listener = Listener::on(GATEWAY_PORT);
    let accept = async || listener.accept().await;
    let variables = variables.iter().cloned();
    let _ = logs_gateway::simulation::run(variables, address, accept).await;
}

fn owned(variables: &[(&str, &str)]) -> Vec<(String, String)> {
    variables.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
}

/// A listener that is bound when the program first accepts: clients are refused before.
struct Listener {
    port: u16,
    bound: OnceCell<TcpListener>,
}

impl Listener {
    fn on(port: u16) -> Self {
        Self { port, bound: OnceCell::new() }
    }

    async fn accept(&self) -> io::Result<Accepted> {
        let bind = || TcpListener::bind((Ipv4Addr::UNSPECIFIED, self.port));
        let (stream, peer): (TcpStream, _) =
            self.bound.get_or_try_init(bind).await?.accept().await?;
        Ok((Box::new(stream) as Connection, peer))
    }
}
