//! The programs of PostgreSQL.

use std::path::PathBuf;

use super::super::daemon::require;
use crate::installed;

/// A program, all of one version: that of the `postgres` which is found first.
pub(super) fn program(name: &str) -> PathBuf {
    find(name).unwrap()
}

/// Fails with the reason why one is missing.
pub(super) fn all_installed() -> Result<(), String> {
    require(&["ipcrm"])?;
    ["initdb", "pg_basebackup", "psql"].iter().try_for_each(|name| find(name).map(drop))
}

fn find(name: &str) -> Result<PathBuf, String> {
    let postgres = installed::program("postgres")?;
    // Debian's `psql` on `PATH` is a script that selects a version, and slow.
    let postgres = postgres.canonicalize().map_err(|error| error.to_string())?;
    let program = postgres.with_file_name(name);
    if program.is_file() { Ok(program) } else { Err(format!("{} not found", program.display())) }
}
