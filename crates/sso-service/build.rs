//! A new migration alone must make a new binary: they are embedded. Tests on PostgreSQL and Redis
//! are ignored where their programs are not installed; with `CI=true` they fail there.

use std::{env, fs, path::PathBuf};

/// Where Debian installs PostgreSQL, a directory for each version.
const VERSIONS: &str = "/usr/lib/postgresql";
/// Where Debian installs Redis.
const REDIS: &str = "/usr/bin/redis-server";
/// Changes when Debian installs a package.
const PACKAGES: &str = "/var/lib/dpkg/status";

fn main() {
    println!("cargo::rerun-if-changed=migrations");
    println!("cargo::rerun-if-env-changed=CI");
    println!("cargo::rustc-check-cfg=cfg(tests_on_postgres)");
    println!("cargo::rustc-check-cfg=cfg(tests_on_redis)");
    let programs = programs_of_postgres();
    match &programs {
        Some(programs) => {
            println!("cargo::rerun-if-changed={}", programs.join("postgres").display());
            println!("cargo::rustc-env=POSTGRES_PROGRAMS={}", programs.display());
        }
        None if fs::exists(PACKAGES).is_ok_and(|exists| exists) => {
            println!("cargo::rerun-if-changed={PACKAGES}");
        }
        None => {}
    }
    let in_ci = env::var_os("CI").is_some_and(|ci| ci == "true");
    if programs.is_some() || in_ci {
        println!("cargo::rustc-cfg=tests_on_postgres");
    }
    if fs::exists(REDIS).is_ok_and(|exists| exists) || in_ci {
        println!("cargo::rustc-cfg=tests_on_redis");
    }
}

fn programs_of_postgres() -> Option<PathBuf> {
    let versions = fs::read_dir(VERSIONS).into_iter().flatten().flatten();
    let mut programs: Vec<_> = versions.map(|version| version.path().join("bin")).collect();
    programs.sort();
    programs.into_iter().rfind(|programs| programs.join("postgres").is_file())
}
