//! The executables of both services and of the kubectl plugin, built by Cargo.

use std::{
    collections::BTreeMap,
    env,
    path::{Path, PathBuf},
    sync::OnceLock,
};

use escargot::{CargoBuild, format::Message};

/// The paths of the executables.
pub(crate) struct Binaries {
    pub(crate) sso_service: PathBuf,
    pub(crate) logs_gateway: PathBuf,
    pub(crate) kubectl_sso: PathBuf,
}

/// Built once for all the tests of this process.
pub(crate) fn binaries() -> &'static Binaries {
    static BINARIES: OnceLock<Binaries> = OnceLock::new();
    BINARIES.get_or_init(|| {
        let mut built = build(&["sso-service", "logs-gateway", "kubectl-sso"]);
        let mut take = |name| built.remove(name).unwrap_or_else(|| panic!("Cargo built no {name}"));
        Binaries {
            sso_service: take("sso-service"),
            logs_gateway: take("logs-gateway"),
            kubectl_sso: take("kubectl-sso"),
        }
    })
}

/// Builds binaries as `cargo xtask up` builds the services, with the features that
/// `cargo test --workspace` has united, so that no dependency is compiled again. Returns their paths
/// by their names.
pub(crate) fn build(names: &[&str]) -> BTreeMap<String, PathBuf> {
    let build = without_package_variables(CargoBuild::new()).arg("--workspace");
    let messages = names
        .iter()
        .fold(build, CargoBuild::bin)
        .target_dir(target_directory())
        .exec()
        .unwrap_or_else(|error| panic!("cannot build {names:?}: {error}"));
    let mut executables = BTreeMap::new();
    for message in messages {
        let message = message.unwrap_or_else(|error| panic!("cannot build {names:?}: {error}"));
        if let Message::CompilerArtifact(artifact) = message.decode().unwrap()
            && let Some(path) = artifact.executable
        {
            executables.insert(artifact.target.name.into_owned(), path.into_owned());
        }
    }
    executables
}

/// Removes the variables about a package that Cargo sets for tests. A build script that depends on
/// them would run again: ring's does, and all users of TLS would be compiled anew.
fn without_package_variables(build: CargoBuild) -> CargoBuild {
    env::vars_os().fold(build, |build, (name, _)| {
        let bytes = name.as_encoded_bytes();
        let is_about_package =
            bytes.starts_with(b"CARGO_PKG_") || bytes.starts_with(b"CARGO_MANIFEST_");
        if is_about_package { build.env_remove(name) } else { build }
    })
}

/// The target directory of this test. Cargo gives each test a directory in it.
fn target_directory() -> &'static Path {
    Path::new(env!("CARGO_TARGET_TMPDIR")).parent().unwrap()
}
