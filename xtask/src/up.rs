//! `cargo xtask up`: both services, running, with logs to read and the words to ask for them.

use std::{
    convert::Infallible,
    fs::Permissions,
    io::{self, Write},
    net::{Ipv4Addr, SocketAddr, TcpListener},
    os::unix::fs::PermissionsExt,
    path::Path,
    process::ExitCode,
};

use anyhow::Context;
use tempfile::TempDir;
use tokio::process::Command;

use crate::{
    accounts::Account,
    binaries::Binaries,
    interruption::Interruption,
    log_source::LogSource,
    services::Services,
    welcome::{Guest, Welcome},
};

/// The namespace of the samples that the restricted user may read.
const SHOP: &str = "shop";

/// Builds, runs until interrupted, and leaves nothing behind.
pub(crate) fn run() -> anyhow::Result<ExitCode> {
    let binaries = Binaries::build()?;
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .context("cannot start the runtime")?
        .block_on(run_until_interrupted(&binaries))
}

async fn run_until_interrupted(binaries: &Binaries) -> anyhow::Result<ExitCode> {
    let mut interruption = Interruption::listen().context("cannot listen for signals")?;
    let home = temporary_directory().context("cannot create a temporary directory")?;
    let mut services = Services::new(home.path());
    let outcome = tokio::select! {
        () = interruption.received() => Ok(ExitCode::SUCCESS),
        failure = serve(binaries, home.path(), &mut services) => failure.map(|never| match never {}),
    };
    services.stop().await;
    home.close()
        .context("cannot remove the temporary directory")?;
    outcome
}

fn temporary_directory() -> io::Result<TempDir> {
    tempfile::Builder::new()
        .prefix("logs-gateway-up-")
        .permissions(Permissions::from_mode(0o700))
        .tempdir()
}

/// Starts everything below `home`, says how to use it, and returns only if something fails.
async fn serve(
    binaries: &Binaries,
    home: &Path,
    services: &mut Services,
) -> anyhow::Result<Infallible> {
    let mut logs = LogSource::choose(home)?;
    let admin = Account::new("admin")?;
    let guest = invite_guest(binaries, home, &logs).await?;
    let sso = sso_service(binaries, home, &admin);
    let sso = services.start("sso-service", sso).await?;
    let gateway = logs_gateway(binaries, sso.listening, logs.root());
    let gateway = services.start("logs-gateway", gateway).await?;
    let session = admin.log_in(sso.listening).await?;
    let guest = match guest {
        Some(account) => Some(admit(account, sso.listening).await?),
        None => None,
    };
    let welcome = Welcome {
        sso,
        gateway,
        home,
        logs: &logs,
        admin,
        session,
        guest,
    };
    io::stdout()
        .write_all(welcome.to_string().as_bytes())
        .context("cannot say how to go on")?;
    tokio::select! {
        failure = services.first_to_end() => Err(failure),
        failure = logs.write_on() => failure,
    }
}

/// On a node everything is the administrator's; the samples also show what a restricted user sees.
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
    account
        .create(on_database(binaries, home), &permission, home)
        .await?;
    Ok(Some(account))
}

async fn admit(account: Account, sso_service: SocketAddr) -> anyhow::Result<Guest> {
    let session = account.log_in(sso_service).await?;
    Ok(Guest {
        account,
        session,
        namespace: SHOP,
    })
}

fn sso_service(binaries: &Binaries, home: &Path, admin: &Account) -> Command {
    let mut command = on_database(binaries, home);
    let settings = [
        ("SSO_LISTEN", address("sso-service", 8001)),
        ("SSO_OPS_LISTEN", address("sso-service", 9001)),
        ("SSO_ADMIN_USERNAME", admin.name.to_owned()),
        ("SSO_ADMIN_PASSWORD", admin.password.clone()),
    ];
    configure(&mut command, settings);
    command
}

/// `sso-service`, for whatever is to be done on the database of this run.
fn on_database(binaries: &Binaries, home: &Path) -> Command {
    let mut command = Command::new(&binaries.sso_service);
    let database = format!("sqlite://{}", home.join("sso.db").display());
    configure(&mut command, [("SSO_DATABASE_URL", database)]);
    command
}

fn logs_gateway(binaries: &Binaries, sso_service: SocketAddr, logs: &Path) -> Command {
    let mut command = Command::new(&binaries.logs_gateway);
    let settings = [
        ("GATEWAY_LISTEN", address("logs-gateway", 8000)),
        ("GATEWAY_OPS_LISTEN", address("logs-gateway", 9000)),
        ("GATEWAY_SSO_URL", format!("http://{sso_service}")),
        ("GATEWAY_LOGS_DIR", logs.display().to_string()),
    ];
    configure(&mut command, settings);
    command
}

/// Sets variables of a service. All others are inherited, so that one can try a setting with
/// `SSO_TOKEN_TTL=1m cargo xtask up`; but a `_FILE` twin would contradict what is set here.
fn configure<const N: usize>(command: &mut Command, settings: [(&str, String); N]) {
    for (name, value) in settings {
        command.env(name, value).env_remove(format!("{name}_FILE"));
    }
}

/// The default address if its port is free, else any.
fn address(service: &str, default_port: u16) -> String {
    let is_free = TcpListener::bind((Ipv4Addr::LOCALHOST, default_port)).is_ok();
    let port = if is_free { default_port } else { 0 };
    if !is_free {
        eprintln!("port {default_port} is taken: {service} listens on a free one instead");
    }
    format!("{}:{port}", Ipv4Addr::LOCALHOST)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_taken_port_is_replaced_by_any() {
        let taken = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let port = taken.local_addr().unwrap().port();
        assert_eq!(address("s", port), "127.0.0.1:0");
    }

    #[test]
    fn the_temporary_directory_is_private() {
        let home = temporary_directory().unwrap();
        let mode = home.path().metadata().unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o700);
    }
}
