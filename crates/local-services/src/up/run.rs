//! `cargo xtask up`: both services, running, with logs to read and commands to read them.

use std::{
    convert::Infallible,
    io::{self, Write},
    net::{Ipv4Addr, SocketAddr, TcpListener},
    path::{Path, PathBuf},
    process::ExitCode,
};

use anyhow::Context;
use local_services::{
    accounts::Account, binaries::Binaries, certificates::Certificates, endpoint::Endpoint,
    interruption::Interruption, launch, services::Services,
};

use crate::{
    CommandLine,
    log_source::{LogSource, NODES},
    welcome::{ClusterNode, Guest, Welcome},
};

/// The namespace of the samples that the restricted user may read.
const SHOP: &str = "shop";

/// Builds, runs until interrupted, and removes everything that it wrote.
pub(crate) fn run(options: &CommandLine) -> anyhow::Result<ExitCode> {
    let binaries = Binaries::build()?;
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .context("cannot start the runtime")?
        .block_on(run_until_interrupted(&binaries, options))
}

async fn run_until_interrupted(
    binaries: &Binaries,
    options: &CommandLine,
) -> anyhow::Result<ExitCode> {
    let mut interruption = Interruption::listen().context("cannot listen for signals")?;
    let home = launch::temporary_directory("logs-gateway-up-")
        .context("cannot create a temporary directory")?;
    let tls = options.tls || options.cluster;
    let certificates = tls.then(|| Certificates::create(home.path())).transpose()?;
    let logs = match options.cluster {
        true => LogSource::cluster(home.path())?,
        false => LogSource::choose(home.path())?,
    };
    let mut services = Services::new(home.path());
    let outcome = tokio::select! {
        () = interruption.received() => Ok(ExitCode::SUCCESS),
        failure = serve(binaries, home.path(), certificates, logs, &mut services) => {
            failure.map(|never| match never {})
        }
    };
    services.stop().await;
    home.close().context("cannot remove the temporary directory")?;
    outcome
}

/// Starts everything below `home`, prints how to use it, and returns only after a failure.
async fn serve(
    binaries: &Binaries,
    home: &Path,
    certificates: Option<Certificates>,
    mut logs: LogSource,
    services: &mut Services,
) -> anyhow::Result<Infallible> {
    let admin = Account::new("admin")?;
    let guest = invite_guest(binaries, home, &logs).await?;
    let mut listen = [("sso-service", 8001), ("sso-service", 9001)].map(address);
    let mut sso = launch::sso_service(binaries, home, &admin, listen.map(|at| at.to_string()));
    listen = [("logs-gateway", 8000), ("logs-gateway", 9000)].map(address);
    let gateway = Endpoint { address: listen[0], certificates: certificates.as_ref() };
    launch::allow_gateway(&mut sso, &gateway);
    launch::set_certificate(&mut sso, "SSO", certificates.as_ref());
    let sso = services.start("sso-service", sso).await?;
    let authority = Endpoint { address: sso.listening, certificates: certificates.as_ref() };
    let nodes = match &certificates {
        Some(certificates) => start_nodes(binaries, certificates, logs.roots(), services).await?,
        None => Vec::new(),
    };
    let listen = listen.map(|at| at.to_string());
    let mut gateway = match (logs.roots(), &certificates) {
        ([_, _, ..], Some(certificates)) => {
            let addresses: Vec<_> = nodes.iter().map(|node| node.address).collect();
            launch::front(binaries, &authority, &addresses, certificates, listen)
        }
        (roots, _) => launch::logs_gateway(binaries, &authority, &roots[0], listen),
    };
    launch::set_certificate(&mut gateway, "GATEWAY", certificates.as_ref());
    let gateway = services.start("logs-gateway", gateway).await?;
    let session = admin.log_in(&authority).await?;
    let guest = match guest {
        Some(account) => Some(admit(account, &authority).await?),
        None => None,
    };
    let welcome = Welcome {
        sso,
        gateway,
        nodes,
        home,
        certificates: certificates.as_ref(),
        logs: &logs,
        admin,
        session,
        guest,
    };
    io::stdout()
        .write_all(welcome.to_string().as_bytes())
        .context("cannot print the next steps")?;
    tokio::select! {
        failure = services.first_to_end() => Err(failure),
        failure = logs.write_on() => failure,
    }
}

/// Starts the gateways of a cluster's nodes; none for a single directory of logs.
async fn start_nodes(
    binaries: &Binaries,
    certificates: &Certificates,
    roots: &[PathBuf],
    services: &mut Services,
) -> anyhow::Result<Vec<ClusterNode>> {
    let mut nodes = Vec::new();
    if let [_, _, ..] = roots {
        for (name, root) in NODES.into_iter().zip(roots) {
            let node = launch::node_gateway(binaries, name, root, "127.0.0.1:0", certificates);
            let address = services.start(name, node).await?.listening;
            nodes.push(ClusterNode { name, address, process: services.id(name) });
        }
    }
    Ok(nodes)
}

/// On a node there is only the administrator; the samples also show the view of a restricted user.
async fn invite_guest(
    binaries: &Binaries,
    home: &Path,
    logs: &LogSource,
) -> anyhow::Result<Option<Account>> {
    if let LogSource::Node(_) = logs {
        return Ok(None);
    }
    let account = Account::new("dev")?;
    let permission = format!("logs:read:{SHOP}/*");
    account.create(launch::on_database(binaries, home), &permission, home).await?;
    Ok(Some(account))
}

async fn admit(account: Account, sso_service: &Endpoint<'_>) -> anyhow::Result<Guest> {
    let session = account.log_in(sso_service).await?;
    Ok(Guest { account, session, namespace: SHOP })
}

/// The default address if its port is free, else one with a free port. The gateway's has to be known
/// before the authority starts, which lets the scripts of its page call it.
fn address((service, default_port): (&str, u16)) -> SocketAddr {
    let bound =
        |port| TcpListener::bind((Ipv4Addr::LOCALHOST, port)).and_then(|on| on.local_addr());
    bound(default_port).unwrap_or_else(|_| {
        eprintln!("port {default_port} is taken: {service} listens on a free one instead");
        bound(0).unwrap_or_else(|_| (Ipv4Addr::LOCALHOST, 0).into())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_taken_port_is_replaced_by_a_free_one() {
        let taken = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let port = taken.local_addr().unwrap().port();
        let replacement = address(("s", port)).port();
        assert!(replacement != port && replacement != 0, "{replacement}");
    }
}
