//! The executables of both services, from Cargo.

use std::{
    path::PathBuf,
    process::{Command, Stdio},
};

use anyhow::{Context, ensure};
use serde::Deserialize;

/// Where Cargo put the executables.
#[derive(Debug)]
pub(crate) struct Binaries {
    pub(crate) sso_service: PathBuf,
    pub(crate) logs_gateway: PathBuf,
    /// What `sso-service` is measured beside, if it is measured.
    pub(crate) bare_actix: Option<PathBuf>,
}

/// How Cargo is to build.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Profile {
    /// Soon done.
    Dev,
    /// As it is deployed, and measured.
    Release,
}

/// The one kind of Cargo's messages that names an executable; all fields of the others are absent.
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
    /// Builds both in one call, so that what they share is compiled once; Cargo's progress shows.
    pub(crate) fn build(profile: Profile) -> anyhow::Result<Self> {
        let build = Command::new("cargo")
            .args(["build", "--message-format=json-render-diagnostics"])
            .args((profile == Profile::Release).then_some("--release"))
            .args(["--package", "sso-service", "--package", "logs-gateway", "--bins"])
            .args((profile == Profile::Release).then_some("--package=bare-actix"))
            .stdin(Stdio::null())
            .stderr(Stdio::inherit())
            .output()
            .context("cannot run cargo build")?;
        ensure!(build.status.success(), "cargo build failed: {}", build.status);
        Self::from_messages(&build.stdout)
    }

    fn from_messages(messages: &[u8]) -> anyhow::Result<Self> {
        let messages = serde_json::Deserializer::from_slice(messages)
            .into_iter::<Message>()
            .collect::<Result<Vec<_>, _>>()
            .context("cannot read the messages of cargo build")?;
        let find = |name| {
            executable(&messages, name).with_context(|| format!("cargo build made no {name}"))
        };
        Ok(Self {
            sso_service: find("sso-service")?,
            logs_gateway: find("logs-gateway")?,
            bare_actix: executable(&messages, "bare-actix"),
        })
    }
}

fn executable(messages: &[Message], name: &str) -> Option<PathBuf> {
    messages
        .iter()
        .filter(|message| message.target.as_ref().is_some_and(|target| target.name == name))
        .find_map(|message| message.executable.clone())
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

    #[test]
    fn executables_are_where_cargo_says() {
        let binaries = Binaries::from_messages(MESSAGES.as_bytes()).unwrap();
        assert_eq!(binaries.sso_service, PathBuf::from("/t/sso-service"));
        assert_eq!(binaries.logs_gateway, PathBuf::from("/t/gateway"));
    }

    #[test]
    fn a_missing_executable_is_named() {
        let error = Binaries::from_messages(br#"{"reason":"build-finished"}"#).unwrap_err();
        assert_eq!(error.to_string(), "cargo build made no sso-service");
    }
}
