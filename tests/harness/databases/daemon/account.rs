//! The account of servers: PostgreSQL and PgBouncer refuse to run as root.

use std::{fs, os::unix::fs::chown, path::Path, process::Command};

use rustix::process::{Signal, geteuid};

/// The signal that ends a server at once.
#[derive(Debug, Clone, Copy)]
pub(crate) enum LastSignal {
    /// For servers that then leave nothing behind in the system.
    Quit,
    Kill,
}

impl LastSignal {
    pub(super) fn signal(self) -> Signal {
        match self {
            Self::Quit => Signal::QUIT,
            Self::Kill => Signal::KILL,
        }
    }

    /// As `setpriv` reads it.
    fn name(self) -> &'static str {
        match self {
            Self::Quit => "QUIT",
            Self::Kill => "KILL",
        }
    }
}

/// A user without privileges, by its numbers.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Account {
    user: u32,
    group: u32,
}

impl Account {
    /// `postgres`, or `nobody`, if this process is root's; otherwise none: servers then run as this
    /// process does.
    fn of_servers() -> Option<Self> {
        if !geteuid().is_root() {
            return None;
        }
        let accounts = fs::read_to_string("/etc/passwd").unwrap();
        let find = |name| accounts.lines().find_map(|line| Self::parse(line, name));
        Some(find("postgres").or_else(|| find("nobody")).unwrap())
    }

    /// The account of this name, from a line of passwd(5).
    fn parse(line: &str, name: &str) -> Option<Self> {
        let fields: Vec<_> = line.split(':').collect();
        match fields[..] {
            [of, _, user, group, ..] if of == name => {
                Some(Self { user: user.parse().ok()?, group: group.parse().ok()? })
            }
            _ => None,
        }
    }

    /// Runs a program in the account of servers. The kernel sends it the signal when the thread
    /// ends that started it.
    pub(crate) fn command(program: &Path, at_end: LastSignal) -> Command {
        let mut command = Command::new("setpriv");
        command.arg("--pdeathsig").arg(at_end.name());
        if let Some(Self { user, group }) = Self::of_servers() {
            command.arg("--reuid").arg(user.to_string());
            command.arg("--regid").arg(group.to_string()).arg("--clear-groups");
        }
        command.arg(program);
        command
    }
}

/// Gives a file or a directory to the account of servers.
pub(crate) fn own(path: &Path) {
    if let Some(Account { user, group }) = Account::of_servers() {
        chown(path, Some(user), Some(group)).unwrap();
    }
}
