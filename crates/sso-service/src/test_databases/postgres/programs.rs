//! The programs of PostgreSQL.

use std::path::{Path, PathBuf};

/// A program of the version that the build script found.
///
/// # Panics
/// When it found none.
pub(super) fn program(name: &str) -> PathBuf {
    let programs = option_env!("POSTGRES_PROGRAMS");
    Path::new(programs.expect("PostgreSQL not found: run cargo xtask peers")).join(name)
}
