//! The directories of servers.

use std::{
    fs,
    os::unix::process::CommandExt,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::OnceLock,
    thread,
};

use super::account::own;

/// Waits for the end of its standard input, then removes a directory. A paused cluster must
/// continue to notice the signal that ends it. Servers that are still ending may make new files.
const REMOVE_AT_END: &str = r#"
cat
for lock in "$0"/*/data/postmaster.pid; do
    [ -e "$lock" ] && kill -CONT "$(head -n 1 "$lock")"
done
for attempt in 1 2 3 4 5 6 7 8 9 10; do
    rm -rf "$0" && exit
    sleep 0.1
done
"#;

/// A directory of a server, with a short path: that of a socket has at most 107 bytes (unix(7)).
/// Dropped, it is removed in the background: a cluster has more than a thousand files, which takes
/// seconds on some disks.
#[derive(Debug)]
pub(crate) struct ServerDirectory(PathBuf);

impl ServerDirectory {
    pub(crate) fn new() -> Self {
        let named = tempfile::Builder::new().prefix("server-").tempdir_in(all_directories());
        let directory = named.unwrap().keep();
        own(&directory);
        Self(directory)
    }

    pub(crate) fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for ServerDirectory {
    fn drop(&mut self) {
        let directory = self.0.clone();
        // If this process ends meanwhile, the rest is removed with all directories.
        thread::spawn(move || fs::remove_dir_all(directory));
    }
}

/// The directory of all of them. A process removes it when this one has ended: servers that all
/// tests share are never dropped, and a killed process drops nothing.
pub(super) fn all_directories() -> &'static Path {
    static ALL: OnceLock<(PathBuf, Child)> = OnceLock::new();
    let (directory, _) = ALL.get_or_init(|| {
        let directory = tempfile::Builder::new().prefix("tests-").tempdir().unwrap().keep();
        own(&directory);
        let remover = remove_at_end(&directory);
        (directory, remover)
    });
    directory
}

/// Out of the process group of the tests, which a terminal interrupts as a whole.
fn remove_at_end(directory: &Path) -> Child {
    let mut command = Command::new("sh");
    command.args(["-c", REMOVE_AT_END]).arg(directory).process_group(0);
    command.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null());
    command.spawn().unwrap()
}
