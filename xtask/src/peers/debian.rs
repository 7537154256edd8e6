//! Programs from Debian packages, where this process may install those.

use std::{
    cell::OnceCell,
    fs::{self, File},
    os::unix::fs::MetadataExt,
    path::{Path, PathBuf},
};

use anyhow::{Context, ensure};

use super::{
    command::{bounded, succeeds},
    service_policy::ServicePolicy,
};

/// Waits for a package manager that runs already, starts no service, asks nothing.
const INSTALL: [&str; 5] = [
    "install",
    "--quiet=2",
    "--yes",
    "--no-install-recommends",
    "--option=DPkg::Lock::Timeout=300",
];

/// A program, or a part of one.
pub(super) struct Program {
    /// Succeeds if the program is there; begins with its name.
    pub(super) probe: &'static [&'static str],
    /// What brings it.
    pub(super) packages: &'static [&'static str],
}

/// Debian's package manager. It fetches the lists of packages once, before the first installation.
pub(super) struct Apt {
    /// Holds `apt-get` and `dpkg`.
    tools: PathBuf,
    /// Holds `policy-rc.d`. One process at a time installs: it locks this directory.
    policies: PathBuf,
    is_root: bool,
    /// Why the lists are not there, if so.
    lists: OnceCell<Result<(), String>>,
}

impl Apt {
    pub(super) fn of_this_machine() -> Self {
        Self {
            tools: "/usr/bin".into(),
            policies: "/usr/sbin".into(),
            // The owner of a process owns its entry in `/proc`.
            is_root: fs::metadata("/proc/self").is_ok_and(|process| process.uid() == 0),
            lists: OnceCell::new(),
        }
    }

    /// Installs a program that is missing. Fails if this process is not root, if there is no
    /// `apt-get`, or if the program does not run afterwards.
    pub(super) fn provide(&self, program: &Program) -> anyhow::Result<()> {
        if succeeds(program.probe) {
            return Ok(());
        }
        let (probe, packages) = (program.probe.join(" "), program.packages.join(" "));
        let may_install = self.is_root && self.tools.join("apt-get").exists();
        ensure!(may_install, "{probe} does not run (Debian packages: {packages})");
        println!("peers: installing {packages} by apt-get");
        self.install(program.packages)?;
        ensure!(succeeds(program.probe), "{probe} does not run with {packages} installed");
        Ok(())
    }

    fn install(&self, packages: &[&str]) -> anyhow::Result<()> {
        let policies = File::open(&self.policies).context("cannot open the policies")?;
        policies.lock().context("cannot wait for another installation")?;
        let _no_services = ServicePolicy::deny_all(&self.policies)?;
        self.fetch_lists()?;
        // An installation that was interrupted is finished first.
        self.run("dpkg", &["--configure", "-a"])?;
        self.run("apt-get", &[&INSTALL[..], packages].concat())
    }

    fn fetch_lists(&self) -> anyhow::Result<()> {
        let fetch = || self.run("apt-get", &["update", "--quiet=2"]);
        let lists = self.lists.get_or_init(|| fetch().map_err(|error| format!("{error:#}")));
        lists.clone().map_err(anyhow::Error::msg)
    }

    fn run(&self, tool: &str, arguments: &[&str]) -> anyhow::Result<()> {
        let tool = self.tools.join(tool);
        let tool = tool.to_str().context("the path of a tool is not UTF-8")?;
        bounded(Path::new("."), &[&[tool], arguments].concat())
    }
}

#[cfg(test)]
#[path = "debian_tests.rs"]
mod tests;
