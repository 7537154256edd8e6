//! The executables of the services, from Cargo.

use std::{
    collections::BTreeMap,
    env,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use anyhow::{Context, ensure};
use serde::Deserialize;

/// The paths of the executables of both services.
#[derive(Debug)]
pub struct Binaries {
    /// Of the authority.
    pub sso_service: PathBuf,
    /// Of the gateway.
    pub logs_gateway: PathBuf,
}

/// Executables by the names of their targets.
#[derive(Debug)]
pub struct Executables(BTreeMap<String, PathBuf>);

/// A message of Cargo. Only those about an executable have both fields.
#[derive(Deserialize)]
struct Message {
    target: Option<Target>,
    executable: Option<PathBuf>,
}

#[derive(Deserialize)]
struct Target {
    name: String,
}

impl Binaries {
    /// Builds both services for development. Cargo shows its progress.
    ///
    /// # Errors
    /// When Cargo cannot be run or the build fails.
    pub fn build() -> anyhow::Result<Self> {
        // `--workspace` makes the features of dependencies those that the tests are built with, so
        // that nothing is compiled twice; only what the two binaries need is built.
        let select = ["--workspace", "--bin=sso-service", "--bin=logs-gateway"];
        Self::among(&Executables::build(&select)?)
    }

    /// The executables of both services among others.
    ///
    /// # Errors
    /// When one of them is missing.
    pub fn among(executables: &Executables) -> anyhow::Result<Self> {
        let path = |name| executables.path(name).map(Path::to_owned);
        Ok(Self { sso_service: path("sso-service")?, logs_gateway: path("logs-gateway")? })
    }
}

impl Executables {
    /// Runs `cargo build` with these arguments. Cargo shows its progress.
    ///
    /// # Errors
    /// When Cargo cannot be run or the build fails.
    pub fn build(arguments: &[&str]) -> anyhow::Result<Self> {
        let build = cargo()
            .args(["build", "--message-format=json-render-diagnostics"])
            .args(arguments)
            .stdin(Stdio::null())
            .stderr(Stdio::inherit())
            .output()
            .context("cannot run cargo build")?;
        ensure!(build.status.success(), "cargo build failed: {}", build.status);
        Self::from_messages(&build.stdout)
    }

    /// The executable of a target.
    ///
    /// # Errors
    /// When it was not built.
    pub fn path(&self, name: &str) -> anyhow::Result<&Path> {
        let path = self.0.get(name).with_context(|| format!("cargo build made no {name}"))?;
        Ok(path)
    }

    fn from_messages(messages: &[u8]) -> anyhow::Result<Self> {
        let messages = serde_json::Deserializer::from_slice(messages).into_iter::<Message>();
        let mut executables = BTreeMap::new();
        for message in messages {
            let message = message.context("cannot read the messages of cargo build")?;
            if let (Some(target), Some(executable)) = (message.target, message.executable) {
                executables.insert(target.name, executable);
            }
        }
        Ok(Self(executables))
    }
}

/// Cargo in this workspace, without the variables about a package that it adds for programs that it
/// runs. Build scripts that depend on them would run again: ring's does, and everything that uses
/// TLS would be compiled anew.
fn cargo() -> Command {
    let mut cargo = Command::new("cargo");
    cargo.current_dir(env!("CARGO_MANIFEST_DIR"));
    for (name, _) in env::vars_os() {
        let bytes = name.as_encoded_bytes();
        if bytes.starts_with(b"CARGO_PKG_") || bytes.starts_with(b"CARGO_MANIFEST_") {
            cargo.env_remove(name);
        }
    }
    cargo
}

#[cfg(test)]
mod tests {
    use super::*;

    const MESSAGES: &str = r#"
        {"reason":"compiler-artifact","target":{"name":"bytes"},"executable":null}
        {"reason":"compiler-artifact","target":{"name":"sso-service"},"executable":null}
        {"reason":"compiler-artifact","target":{"name":"sso-service"},"executable":"/t/sso-service"}
        {"reason":"compiler-artifact","target":{"name":"logs-gateway"},"executable":"/t/gateway"}
        {"reason":"build-finished","success":true}"#;

    fn binaries(messages: &str) -> anyhow::Result<Binaries> {
        Binaries::among(&Executables::from_messages(messages.as_bytes())?)
    }

    #[test]
    fn executables_are_where_cargo_says() {
        let binaries = binaries(MESSAGES).unwrap();
        assert_eq!(binaries.sso_service, Path::new("/t/sso-service"));
        assert_eq!(binaries.logs_gateway, Path::new("/t/gateway"));
    }

    #[test]
    fn a_missing_executable_is_named() {
        let error = binaries(r#"{"reason":"build-finished"}"#).unwrap_err();
        assert_eq!(error.to_string(), "cargo build made no sso-service");
    }
}
