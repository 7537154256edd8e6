//! A package manager of scripts: `apt-get` writes down how it is called, and a package is a file
//! that it makes.

use std::{fs::Permissions, os::unix::fs::PermissionsExt};

use tempfile::TempDir;

use super::*;

const CURL: Program = Program { probe: &["true"], packages: &["curl"] };

struct Machine {
    root: TempDir,
    apt: Apt,
}

impl Machine {
    /// `apt_get` is a script; `$root` is the directory of the machine.
    fn new(apt_get: &str) -> Self {
        let root = tempfile::tempdir().unwrap();
        let tools = root.path().to_owned();
        let begin = format!("#!/bin/sh\nroot={}\necho \"$0 $*\" >> $root/calls\n", tools.display());
        for (tool, script) in [("apt-get", apt_get), ("dpkg", "")] {
            fs::write(tools.join(tool), format!("{begin}{script}\n")).unwrap();
            fs::set_permissions(tools.join(tool), Permissions::from_mode(0o755)).unwrap();
        }
        let apt = Apt { policies: tools.clone(), tools, is_root: true, lists: OnceCell::new() };
        Self { root, apt }
    }

    /// The calls of `tool` whose first word is `word`.
    fn calls(&self, tool: &str, word: &str) -> usize {
        let calls = fs::read_to_string(self.root.path().join("calls")).unwrap_or_default();
        calls.lines().filter(|call| call.contains(&format!("/{tool} {word}"))).count()
    }

    /// A program that runs once `apt-get` has made its file.
    fn program(&self, package: &'static str) -> Program {
        let file = self.root.path().join(package).to_str().unwrap().to_owned();
        Program { probe: vec!["test", "-e", file.leak()].leak(), packages: vec![package].leak() }
    }
}

/// Makes a file for each package.
const INSTALLS: &str = "for package; do :; done; [ $1 = update ] || touch $root/$package";

#[test]
fn present_program_is_not_installed() {
    let machine = Machine::new(INSTALLS);
    machine.apt.provide(&CURL).unwrap();
    assert_eq!(machine.calls("apt-get", ""), 0);
}

#[test]
fn missing_programs_are_installed_after_one_update() {
    let machine = Machine::new(INSTALLS);
    machine.apt.provide(&machine.program("nginx")).unwrap();
    machine.apt.provide(&machine.program("caddy")).unwrap();
    assert_eq!(machine.calls("apt-get", "update"), 1);
    assert_eq!(machine.calls("apt-get", "install"), 2);
}

#[test]
fn interrupted_installation_is_finished_first() {
    let machine = Machine::new(INSTALLS);
    machine.apt.provide(&machine.program("nginx")).unwrap();
    assert_eq!(machine.calls("dpkg", "--configure -a"), 1);
}

#[test]
fn services_are_denied_during_an_installation_only() {
    let machine = Machine::new(&format!("$root/policy-rc.d; [ $? = 101 ] || exit 3; {INSTALLS}"));
    machine.apt.provide(&machine.program("nginx")).unwrap();
    assert!(!machine.root.path().join("policy-rc.d").exists());
}

#[test]
fn failed_update_is_not_repeated() {
    let machine = Machine::new("[ $1 != update ] || exit 7");
    for package in ["nginx", "caddy"] {
        let error = machine.apt.provide(&machine.program(package)).unwrap_err();
        assert!(error.to_string().contains("update --quiet=2 failed: exit status: 7"), "{error}");
    }
    assert_eq!(machine.calls("apt-get", ""), 1);
}

#[test]
fn package_without_its_program_is_an_error() {
    let machine = Machine::new("");
    let error = machine.apt.provide(&machine.program("nginx")).unwrap_err();
    assert!(error.to_string().ends_with("does not run with nginx installed"), "{error}");
}

#[test]
fn packages_are_named_where_they_cannot_be_installed() {
    let machine = Machine::new(INSTALLS);
    let apt = Apt { is_root: false, ..machine.apt };
    let missing = Program { probe: &["no-such-program", "-v"], packages: &["one", "two"] };
    let error = apt.provide(&missing).unwrap_err();
    assert_eq!(error.to_string(), "no-such-program -v does not run (Debian packages: one two)");
}
