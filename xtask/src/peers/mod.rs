//! `cargo xtask peers`: installs the programs and libraries of others that the tests run.
//!
//! Programs come from Debian packages, libraries from PyPI and npm into `target/peers`, in the
//! versions that the files of `tests/peers` pin. What is there already stays; what cannot be had
//! is named, and the tests that need it are skipped (with `CI=true` they fail).
//!
//! To add a program, add a line to `table.rs`. To add a library, pin it with everything that it
//! needs in `tests/peers/python/requirements.txt`, or in `tests/peers/javascript` by
//! `npm install --package-lock-only --legacy-peer-deps --omit-lockfile-registry-resolved
//! --save-exact NAME`.

mod command;
mod debian;
mod install;
mod javascript;
mod library_set;
mod python;
mod service_policy;
mod table;

pub(crate) use install::{install, run};
