//! A user of kubectl, on a machine where the plugin `kubectl-sso` is installed.

use std::{
    fs,
    io::{BufRead, BufReader, Read},
    path::{Path, PathBuf},
    process::{Child, ChildStderr, Stdio},
};

use serde_json::Value;
use tempfile::TempDir;

use super::{
    binaries::binaries,
    command::{Ended, clean, run_kubectl_sso},
    secrets::Secrets,
};

/// A user with a home directory. No output except a credential may contain a secret.
#[derive(Debug)]
pub(crate) struct KubectlUser {
    home: TempDir,
    sso: String,
    secrets: Secrets,
}

impl KubectlUser {
    pub(super) fn of(sso: String, secrets: &Secrets) -> Self {
        Self { home: super::scratch(), sso, secrets: secrets.clone() }
    }

    /// The URL of the authority.
    pub(crate) fn sso(&self) -> &str {
        &self.sso
    }

    /// `kubectl-sso login`, the password on standard input.
    pub(crate) fn login(&self, username: &str, password: &str, more: &[&str]) -> Ended {
        self.secrets.learn(password);
        let arguments =
            ["login", "--sso", &self.sso, "--username", username, "--password-file", "-"];
        let ended = self.run(&[&arguments, more].concat(), password);
        self.secrets.check_absent_from(&format!("{ended:?}"));
        ended
    }

    /// `kubectl-sso token`, `status` or `logout`.
    pub(crate) fn kubectl_sso(&self, command: &str) -> Ended {
        let ended = self.run(&[command, "--sso", &self.sso], "");
        if let Some(token) = token(&ended) {
            self.secrets.learn(&token);
        } else {
            self.secrets.check_absent_from(&ended.stdout);
        }
        self.secrets.check_absent_from(&ended.stderr);
        ended
    }

    /// The token that `kubectl-sso token` prints.
    #[track_caller]
    pub(crate) fn token(&self) -> String {
        let ended = self.kubectl_sso("token");
        assert_eq!((ended.code, ended.stderr.as_str()), (0, ""), "{ended:?}");
        token(&ended).unwrap()
    }

    /// `kubectl-sso` with these arguments.
    pub(crate) fn run(&self, arguments: &[&str], stdin: &str) -> Ended {
        run_kubectl_sso(arguments, &[("HOME", self.home_path())], stdin)
    }

    /// Begins `kubectl-sso login` with these arguments and variables, without a terminal.
    pub(crate) fn begin_login(
        &self,
        arguments: &[&str],
        variables: &[(&str, &str)],
    ) -> OngoingLogin {
        let variables = [&[("HOME", self.home_path())], variables].concat();
        let arguments = [&["login", "--sso", &self.sso], arguments].concat();
        OngoingLogin::start(&arguments, &variables, &self.secrets)
    }

    /// The state directory.
    pub(crate) fn directory(&self) -> PathBuf {
        self.home.path().join(".local/state/kubectl-sso")
    }

    /// The one file with a session.
    pub(crate) fn state_file(&self) -> PathBuf {
        let is_state = |path: &PathBuf| path.extension().is_some_and(|ending| ending == "json");
        let entries = fs::read_dir(self.directory()).unwrap();
        let mut files = entries.map(|entry| entry.unwrap().path()).filter(is_state);
        let file = files.next().unwrap();
        assert_eq!(files.next(), None);
        self.learn_from(&file);
        file
    }

    /// Moves the end of the session token, as it is saved, into the past.
    pub(crate) fn let_the_token_end(&self) {
        let file = self.state_file();
        let mut state: Value = serde_json::from_slice(&fs::read(&file).unwrap()).unwrap();
        state["issued_at"] = "2026-01-01T00:00:00Z".into();
        state["expires_at"] = "2026-01-01T00:30:00Z".into();
        fs::write(&file, state.to_string()).unwrap();
    }

    fn learn_from(&self, file: &Path) {
        let state: Value = serde_json::from_slice(&fs::read(file).unwrap()).unwrap();
        for secret in ["token", "refresh_token"] {
            self.secrets.learn(state[secret].as_str().unwrap());
        }
    }

    /// The home directory.
    pub(crate) fn home_path(&self) -> &str {
        self.home.path().to_str().unwrap()
    }
}

/// A log-in that waits for a browser.
#[derive(Debug)]
pub(crate) struct OngoingLogin {
    child: Child,
    said: BufReader<ChildStderr>,
    secrets: Secrets,
}

impl OngoingLogin {
    fn start(arguments: &[&str], variables: &[(&str, &str)], secrets: &Secrets) -> Self {
        let mut command = clean(&binaries().kubectl_sso, Path::new("/"), variables);
        command.args(arguments).stdin(Stdio::null());
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let said = BufReader::new(child.stderr.take().unwrap());
        Self { child, said, secrets: secrets.clone() }
    }

    /// The next line that it shows to the user.
    pub(crate) fn line(&mut self) -> String {
        let mut line = String::new();
        self.said.read_line(&mut line).unwrap();
        line.trim_end().to_owned()
    }

    /// Waits for its end. It has shown no secret.
    pub(crate) fn end(mut self) -> Ended {
        let mut stderr = String::new();
        self.said.read_to_string(&mut stderr).unwrap();
        let mut stdout = String::new();
        self.child.stdout.take().unwrap().read_to_string(&mut stdout).unwrap();
        let code = self.child.wait().unwrap().code().unwrap();
        let ended = Ended { code, stdout, stderr };
        self.secrets.check_absent_from(&format!("{ended:?}"));
        ended
    }
}

impl Drop for OngoingLogin {
    fn drop(&mut self) {
        // It may have ended.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn token(ended: &Ended) -> Option<String> {
    let credential: Value = serde_json::from_str(&ended.stdout).ok()?;
    credential["status"]["token"].as_str().map(str::to_owned)
}
