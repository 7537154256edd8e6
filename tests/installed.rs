//! Programs and libraries of others that `cargo xtask peers` installs, for the tests that need
//! them.

use std::{
    env,
    path::{Path, PathBuf},
};

use libtest_mimic::{Completion, Failed, Trial};

/// The interpreter that finds the Python libraries. Fails with the reason why it is missing.
pub(crate) fn python() -> Result<PathBuf, String> {
    Ok(libraries("python")?.join("environment/bin/python"))
}

/// The directory with `node_modules`. Fails with the reason why it is missing.
pub(crate) fn javascript() -> Result<PathBuf, String> {
    libraries("javascript")
}

/// Where Debian keeps servers, and the programs of PostgreSQL.
const SERVERS: [&str; 2] = ["/usr/sbin", "/usr/lib/postgresql/15/bin"];

/// A program on `PATH`, or where Debian keeps servers. Fails with the reason why it is missing.
pub(crate) fn program(name: &str) -> Result<PathBuf, String> {
    let path = env::var_os("PATH").unwrap_or_default();
    let directories = env::split_paths(&path).chain(SERVERS.map(PathBuf::from));
    let found = directories.map(|directory| directory.join(name)).find(|file| file.is_file());
    found.ok_or_else(|| format!("{name} not found: run cargo xtask peers"))
}

/// A test that is skipped if what it needs is missing; with `CI=true` it fails.
pub(crate) fn trial<T: Send + 'static>(
    name: String,
    needed: Result<T, String>,
    run: impl FnOnce(T) + Send + 'static,
) -> Trial {
    Trial::ignorable_test(name, move || match needed {
        Ok(needed) => {
            run(needed);
            Ok(Completion::Completed)
        }
        Err(missing) if env::var_os("CI").is_some_and(|ci| ci == "true") => {
            Err(Failed::from(missing))
        }
        Err(missing) => Ok(Completion::ignored_with(missing)),
    })
}

/// Beside the directory that Cargo gives this test.
fn libraries(language: &str) -> Result<PathBuf, String> {
    let directory = Path::new(env!("CARGO_TARGET_TMPDIR")).with_file_name("peers").join(language);
    // Written last, when all is there.
    let installed = directory.join("installed");
    if installed.exists() {
        Ok(directory)
    } else {
        Err(format!("{} not found: run cargo xtask peers", installed.display()))
    }
}
