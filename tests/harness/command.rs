//! Runs the binaries as commands, in a clean environment, to their end.

use std::{
    ffi::OsStr,
    io::Write,
    path::Path,
    process::{Command, Stdio},
};

use super::binaries::binaries;

/// The end of a command other than serving.
#[derive(Debug)]
pub(crate) struct Ended {
    pub(crate) code: i32,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

/// Runs `sso-service` with these arguments and only these variables.
pub(crate) fn run_sso(arguments: &[&str], variables: &[(&str, &str)], stdin: &str) -> Ended {
    run(&binaries().sso_service, arguments, variables, stdin)
}

/// Runs `logs-gateway` with these arguments and only these variables. Unless they name another
/// source or directory, it has an empty log directory.
pub(crate) fn run_gateway(arguments: &[&str], variables: &[(&str, &str)]) -> Ended {
    let logs = super::scratch();
    let mut all = vec![];
    if !variables.iter().any(|(name, _)| *name == "GATEWAY_SOURCE") {
        all.push(("GATEWAY_LOGS_DIR", logs.path().to_str().unwrap()));
    }
    all.extend(variables);
    run(&binaries().logs_gateway, arguments, &all, "")
}

/// Runs `kubectl-sso` with these arguments and only these variables.
pub(crate) fn run_kubectl_sso(
    arguments: &[&str],
    variables: &[(&str, &str)],
    stdin: &str,
) -> Ended {
    run(&binaries().kubectl_sso, arguments, variables, stdin)
}

/// Runs a program with these arguments and only these variables.
fn run(program: &Path, arguments: &[&str], variables: &[(&str, &str)], stdin: &str) -> Ended {
    let directory = super::scratch();
    ended(clean(program, directory.path(), variables).args(arguments), stdin)
}

/// Runs a command to its end.
pub(crate) fn ended(command: &mut Command, stdin: &str) -> Ended {
    let command = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    // A process that does not read it has exited already.
    let _ = child.stdin.take().unwrap().write_all(stdin.as_bytes());
    let output = child.wait_with_output().unwrap();
    Ended {
        code: output.status.code().unwrap(),
        stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
        stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
    }
}

/// A command with an environment of its own.
pub(crate) fn clean(
    binary: &Path,
    directory: &Path,
    variables: &[(impl AsRef<OsStr>, impl AsRef<OsStr>)],
) -> Command {
    let mut command = Command::new(binary);
    command.env_clear().current_dir(directory);
    command.envs(variables.iter().map(|(name, value)| (name, value)));
    command
}
