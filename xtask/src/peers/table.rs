//! What is installed: a line for each program, an entry for each set of libraries.

use super::{debian::Program, javascript, library_set::LibrarySet, python};

/// Programs that tests start, and the Debian packages that bring them, in order of their names.
pub(super) const PROGRAMS: [Program; 14] = [
    Program {
        // Debian keeps it out of `PATH`, with the other programs of this version.
        probe: &["/usr/lib/postgresql/15/bin/postgres", "--version"],
        packages: &["postgresql-15"],
    },
    Program { probe: &["caddy", "version"], packages: &["caddy"] },
    Program { probe: &["chromium", "--version"], packages: &["chromium"] },
    Program { probe: &["curl", "--version"], packages: &["curl"] },
    Program { probe: &["firefox-esr", "--version"], packages: &["firefox-esr"] },
    Program { probe: &["haproxy", "-v"], packages: &["haproxy"] },
    Program { probe: &["nginx", "-v"], packages: &["nginx"] },
    Program { probe: &["pgbouncer", "--version"], packages: &["pgbouncer"] },
    Program { probe: &["promtool", "--version"], packages: &["prometheus"] },
    Program { probe: &["redis-cli", "--version"], packages: &["redis-tools"] },
    Program { probe: &["redis-sentinel", "--version"], packages: &["redis-sentinel"] },
    Program { probe: &["redis-server", "--version"], packages: &["redis-server"] },
    Program { probe: &["socat", "-V"], packages: &["socat"] },
    Program { probe: &["strace", "--version"], packages: &["strace"] },
];

/// Python comes first: it also unpacks the archives of the others.
pub(super) const LIBRARY_SETS: [LibrarySet; 2] = [
    LibrarySet { name: "python", pinned: &["requirements.txt"], install: python::install },
    LibrarySet {
        name: "javascript",
        pinned: &["package.json", "package-lock.json"],
        install: javascript::install,
    },
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn programs_are_in_order_and_named_once() {
        let names = PROGRAMS.map(|program| program.probe[0]);
        assert!(names.is_sorted_by(|one, next| one < next), "{names:?}");
    }
}
