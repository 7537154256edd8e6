//! `cargo xtask openapi`: writes the OpenAPI documents of both services, which tests compare with
//! the code.

use std::{
    env, fs,
    path::Path,
    process::{ExitCode, Stdio},
};

use anyhow::{Context, ensure};

use crate::cargo;

const SERVICES: [&str; 2] = ["sso-service", "logs-gateway"];

/// Writes both, and fails if one cannot be had.
pub(crate) fn run() -> ExitCode {
    match write_all(&cargo::workspace().join("openapi")) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn write_all(directory: &Path) -> anyhow::Result<()> {
    fs::create_dir_all(directory)?;
    SERVICES.iter().try_for_each(|service| {
        let path = directory.join(service).with_extension("json");
        let document = document(service)?;
        fs::write(&path, document).with_context(|| format!("cannot write {}", path.display()))?;
        println!("{}", path.display());
        Ok(())
    })
}

/// The document of a service as it is by default, whatever the environment configures.
fn document(service: &str) -> anyhow::Result<Vec<u8>> {
    let mut command = cargo::command();
    let names = env::vars_os().map(|(name, _)| name);
    for name in names.filter(|name| {
        let name = name.as_encoded_bytes();
        name.starts_with(b"SSO_") || name.starts_with(b"GATEWAY_")
    }) {
        command.env_remove(name);
    }
    let output = command
        .args(["run", "--quiet", "--bin", service, "--", "openapi"])
        .stdin(Stdio::null())
        .stderr(Stdio::inherit())
        .output()
        .context("cannot run cargo")?;
    ensure!(output.status.success(), "{service} openapi failed: {}", output.status);
    Ok(output.stdout)
}
