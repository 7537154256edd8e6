//! The commands that start both services on files of one run.

use std::{env, fs::Permissions, io, net::SocketAddr, os::unix::fs::PermissionsExt, path::Path};

use tempfile::TempDir;
use tokio::process::Command;

use crate::{
    accounts::Account, binaries::Binaries, certificates::Certificates, endpoint::Endpoint,
};

/// A directory that only the current user can enter, removed when dropped.
///
/// # Errors
/// When it cannot be created.
pub fn temporary_directory(prefix: &str) -> io::Result<TempDir> {
    tempfile::Builder::new().prefix(prefix).permissions(Permissions::from_mode(0o700)).tempdir()
}

/// `sso-service` with an administrator, on the addresses for users and for operators.
pub fn sso_service(
    binaries: &Binaries,
    home: &Path,
    admin: &Account,
    [listen, ops]: [String; 2],
) -> Command {
    let mut command = on_database(binaries, home);
    let settings = [
        ("SSO_LISTEN", listen),
        ("SSO_OPS_LISTEN", ops),
        ("SSO_ADMIN_USERNAME", admin.name.to_owned()),
        ("SSO_ADMIN_PASSWORD", admin.password.clone()),
    ];
    configure(&mut command, settings);
    command
}

/// Lets scripts of the gateway call `sso-service`, and its log-in page lead back to the gateway,
/// unless the environment says which origins and hosts may do that.
pub fn allow_gateway(sso_service: &mut Command, gateway: &Endpoint<'_>) {
    let settings =
        [("SSO_ALLOWED_ORIGINS", gateway.url()), ("SSO_RETURN_HOSTS", gateway.address.to_string())];
    for (name, value) in settings {
        if [name, &format!("{name}_FILE")].iter().all(|name| env::var_os(name).is_none()) {
            sso_service.env(name, value);
        }
    }
}

/// `sso-service` with the database of this run, for any of its commands.
pub fn on_database(binaries: &Binaries, home: &Path) -> Command {
    let mut command = Command::new(&binaries.sso_service);
    let database = format!("sqlite://{}", home.join("sso.db").display());
    configure(&mut command, [("SSO_DATABASE_URL", database)]);
    command
}

/// `logs-gateway` over a directory of logs, on the addresses for users and for operators.
pub fn logs_gateway(
    binaries: &Binaries,
    sso_service: &Endpoint<'_>,
    logs: &Path,
    listen: [String; 2],
) -> Command {
    let mut command = gateway_of_users(binaries, sso_service, listen);
    configure(&mut command, [("GATEWAY_LOGS_DIR", logs.display().to_string())]);
    command
}

/// `logs-gateway` of a node with this name, on this address, for fronts with these certificates only.
pub fn node_gateway(
    binaries: &Binaries,
    name: &str,
    logs: &Path,
    listen: &str,
    certificates: &Certificates,
) -> Command {
    let mut command = Command::new(&binaries.logs_gateway);
    let settings = [
        ("GATEWAY_LISTEN", listen.to_owned()),
        ("GATEWAY_OPS_LISTEN", "127.0.0.1:0".to_owned()),
        ("GATEWAY_LOGS_DIR", logs.display().to_string()),
        ("GATEWAY_NODE_NAME", name.to_owned()),
        ("GATEWAY_FRONT_CA", certificates.ca.display().to_string()),
    ];
    configure(&mut command, settings);
    set_certificate(&mut command, "GATEWAY", Some(certificates));
    command
}

/// `logs-gateway` in front of these node gateways, on the addresses for users and for operators.
pub fn front(
    binaries: &Binaries,
    sso_service: &Endpoint<'_>,
    nodes: &[SocketAddr],
    certificates: &Certificates,
    listen: [String; 2],
) -> Command {
    let mut command = gateway_of_users(binaries, sso_service, listen);
    let nodes: Vec<_> = nodes.iter().map(|node| format!("https://{node}")).collect();
    let settings = [
        ("GATEWAY_SOURCE", "nodes".to_owned()),
        ("GATEWAY_NODES", nodes.join(",")),
        ("GATEWAY_NODES_CERT", certificates.front_certificate.display().to_string()),
        ("GATEWAY_NODES_KEY", certificates.front_key.display().to_string()),
        ("GATEWAY_NODES_CA", certificates.ca.display().to_string()),
    ];
    configure(&mut command, settings);
    command
}

/// `logs-gateway` without a source of logs.
fn gateway_of_users(
    binaries: &Binaries,
    sso_service: &Endpoint<'_>,
    [listen, ops]: [String; 2],
) -> Command {
    let mut command = Command::new(&binaries.logs_gateway);
    let settings = [
        ("GATEWAY_LISTEN", listen),
        ("GATEWAY_OPS_LISTEN", ops),
        ("GATEWAY_SSO_URL", sso_service.url()),
    ];
    configure(&mut command, settings);
    if let Some(certificates) = sso_service.certificates {
        configure(&mut command, [("GATEWAY_SSO_CA", certificates.ca.display().to_string())]);
    }
    command
}

/// Enables TLS in the service whose variables begin with `prefix`, if there are certificates.
pub fn set_certificate(command: &mut Command, prefix: &str, certificates: Option<&Certificates>) {
    let Some(Certificates { certificate, key, .. }) = certificates else { return };
    command.env(format!("{prefix}_TLS_CERT"), certificate).env(format!("{prefix}_TLS_KEY"), key);
}

/// Sets variables of a service. All others are inherited, so that a setting can be tried as in
/// `SSO_TOKEN_TTL=1m cargo xtask up`; a `_FILE` variable of the same name is removed, since the
/// services refuse both.
fn configure<const N: usize>(command: &mut Command, settings: [(&str, String); N]) {
    for (name, value) in settings {
        command.env(name, value).env_remove(format!("{name}_FILE"));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_temporary_directory_is_private() {
        let home = temporary_directory("xtask-test-").unwrap();
        let mode = home.path().metadata().unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o700);
    }
}
