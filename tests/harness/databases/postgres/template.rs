//! A new cluster to copy: `initdb` takes a second.

use std::{
    io::Write,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    sync::OnceLock,
};

use super::{
    super::daemon::{Account, LastSignal, ServerDirectory},
    configuration::configure,
    database::{PASSWORD, ROLE},
    programs::program,
};

/// Copies the template into a directory that does not exist. The first call makes the template.
pub(super) fn copy_to(data: &Path) {
    static TEMPLATE: OnceLock<(ServerDirectory, PathBuf)> = OnceLock::new();
    let (_, template) = TEMPLATE.get_or_init(|| {
        let directory = ServerDirectory::new();
        let template = directory.path().join("template");
        make(&template);
        (directory, template)
    });
    run(Command::new("cp").arg("--archive").arg(template).arg(data), "");
}

/// Not synchronized to disk: it need not outlive this process. Small segments make copies small.
fn make(template: &Path) {
    let mut initdb = Account::command(&program("initdb"), LastSignal::Kill);
    initdb.arg("--pgdata").arg(template).args([
        "--username=postgres",
        "--auth=trust",
        "--no-locale",
        "--encoding=UTF8",
        "--wal-segsize=1",
        "--no-sync",
    ]);
    run(&mut initdb, "");
    configure(template);
    create_role(template);
}

/// In the mode for a single user, which needs no server.
fn create_role(template: &Path) {
    let mut postgres = Account::command(&program("postgres"), LastSignal::Kill);
    postgres.arg("--single").arg("-D").arg(template).arg("postgres");
    run(&mut postgres, &format!("CREATE ROLE {ROLE} LOGIN PASSWORD '{PASSWORD}'\n"));
}

/// # Panics
/// When the command fails.
fn run(command: &mut Command, stdin: &str) {
    let command = command.env("LC_ALL", "C").stdin(Stdio::piped());
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(stdin.as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success(), "{command:?}: {}", String::from_utf8_lossy(&output.stderr));
}
