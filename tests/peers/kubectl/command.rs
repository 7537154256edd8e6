//! A user who runs kubectl.

use std::{
    env, fs,
    os::unix::fs::symlink,
    path::{Path, PathBuf},
    process::{Command, Output},
};

use tempfile::TempDir;

use crate::{
    harness::{Caller, Pair, binaries::binaries, command::clean, scratch},
    peer::Installed,
    running::Running,
    stage::{Stage, kubeconfig},
};

/// kubectl with a kubeconfig and a directory of its own for its discovery cache.
#[derive(Debug)]
pub(crate) struct Kubectl {
    program: PathBuf,
    /// Where `kubectl-sso` looks for a session.
    home: String,
    directory: TempDir,
}

impl Kubectl {
    /// For a user with this token, in this namespace.
    pub(crate) fn of(kubectl: &Installed, pair: &Pair, caller: &Caller, namespace: &str) -> Self {
        let kubeconfig = kubeconfig(pair, caller, namespace);
        Self::with(kubectl, "/nowhere", &kubeconfig)
    }

    /// For the user alice.
    pub(super) fn of_alice(kubectl: &Installed, stage: &Stage) -> Self {
        Self::of(kubectl, stage.pair(), stage.alice(), "team-a")
    }

    /// With this home directory and this kubeconfig.
    pub(super) fn with(kubectl: &Installed, home: &str, kubeconfig: &str) -> Self {
        let directory = scratch();
        fs::write(directory.path().join("kubeconfig"), kubeconfig).unwrap();
        let bin = directory.path().join("bin");
        fs::create_dir(&bin).unwrap();
        symlink(&kubectl.program, bin.join("kubectl")).unwrap();
        Self { program: kubectl.program.clone(), home: home.to_owned(), directory }
    }

    /// Runs it to its end, which must be a success with this exact text and no error message.
    #[track_caller]
    pub(super) fn says(&self, arguments: &str, expected: impl AsRef<[u8]>) {
        let (expected, ended) = (expected.as_ref(), self.run(arguments));
        let said = String::from_utf8_lossy(&ended.stdout);
        assert!(ended.stdout == expected, "{arguments}: {said}{ended:?}");
        assert!(ended.is_content(), "{arguments}: {ended:?}");
    }

    /// Runs it to its end, which must be a failure with this error message only.
    #[track_caller]
    pub(super) fn fails(&self, arguments: &str, complaint: &str) {
        let ended = self.run(arguments);
        assert_eq!(ended.stderr.trim_end(), complaint, "{arguments}");
        assert_eq!((ended.code, ended.text()), (1, ""), "{arguments}");
    }

    /// Runs it to its end, which must be a success, and gives the words of its output by line.
    #[track_caller]
    pub(super) fn rows(&self, arguments: &str) -> Vec<Vec<String>> {
        let ended = self.run(arguments);
        assert!(ended.is_content(), "{arguments}: {ended:?}");
        let words = |line: &str| line.split_whitespace().map(str::to_owned).collect();
        ended.text().lines().map(words).collect()
    }

    /// Runs it to its end, which must come within a minute.
    pub(super) fn run(&self, arguments: &str) -> Ended {
        let mut command = self.command(Path::new("timeout"));
        command.args(["--kill-after=5", "60"]).arg(&self.program);
        Ended::from(command.args(arguments.split_whitespace()).output().unwrap())
    }

    /// Starts it and leaves it running.
    pub(crate) fn start(&self, arguments: &str) -> Running {
        Running::start(self.command(&self.program).args(arguments.split_whitespace()))
    }

    /// Everything but the session is in a directory of its own. On its `PATH` are the plugin
    /// `kubectl-sso`, and itself as `kubectl`.
    fn command(&self, program: &Path) -> Command {
        let plugins = binaries().kubectl_sso.parent().unwrap().to_owned();
        let path = env::var_os("PATH").unwrap_or_default();
        let path = env::join_paths(
            [plugins, self.directory.path().join("bin")].into_iter().chain(env::split_paths(&path)),
        )
        .unwrap();
        let (directory, kubeconfig) =
            (self.directory.path(), self.directory.path().join("kubeconfig"));
        let mut command = clean(program, directory, &[("HOME", &self.home)]);
        command.env("PATH", path).env("KUBECONFIG", kubeconfig);
        command.env("KUBECACHEDIR", directory.join("cache"));
        command
    }
}

/// The end of a command.
#[derive(Debug)]
pub(super) struct Ended {
    pub(super) code: i32,
    pub(super) stdout: Vec<u8>,
    pub(super) stderr: String,
}

impl Ended {
    /// Its output, which must be UTF-8.
    #[track_caller]
    pub(super) fn text(&self) -> &str {
        std::str::from_utf8(&self.stdout).unwrap()
    }

    /// Whether it succeeded without an error message.
    pub(super) fn is_content(&self) -> bool {
        self.code == 0 && self.stderr.is_empty()
    }
}

impl From<Output> for Ended {
    fn from(output: Output) -> Self {
        Self {
            code: output.status.code().unwrap(),
            stdout: output.stdout,
            stderr: String::from_utf8(output.stderr).unwrap(),
        }
    }
}
