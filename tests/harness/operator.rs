//! Somebody who runs kubectl, on a machine where `logs-gateway` is a command.

use std::{
    fs,
    path::{Path, PathBuf},
};

use serde_json::Value;
use tempfile::TempDir;

use super::{
    binaries::binaries,
    command::{Ended, run},
    secrets::Secrets,
};

/// A home directory of its own. Whatever is said there but a credential, no secret is in it.
#[derive(Debug)]
pub(crate) struct Operator {
    home: TempDir,
    sso: String,
    secrets: Secrets,
}

impl Operator {
    pub(super) fn of(sso: String, secrets: &Secrets) -> Self {
        Self { home: super::scratch(), sso, secrets: secrets.clone() }
    }

    /// Where the authority is.
    pub(crate) fn sso(&self) -> &str {
        &self.sso
    }

    /// `logs-gateway login`, the password on standard input.
    pub(crate) fn login(&self, username: &str, password: &str, more: &[&str]) -> Ended {
        self.secrets.learn(password);
        let arguments =
            ["login", "--sso", &self.sso, "--username", username, "--password-file", "-"];
        let ended = self.logs_gateway(&[&arguments, more].concat(), password);
        self.secrets.check_absent_from(&format!("{ended:?}"));
        ended
    }

    /// `logs-gateway kube-token`.
    pub(crate) fn kube_token(&self) -> Ended {
        let ended = self.logs_gateway(&["kube-token", "--sso", &self.sso], "");
        if let Some(token) = token(&ended) {
            self.secrets.learn(&token);
        }
        self.secrets.check_absent_from(&ended.stderr);
        ended
    }

    /// The token that `logs-gateway kube-token` gives.
    #[track_caller]
    pub(crate) fn token(&self) -> String {
        let ended = self.kube_token();
        assert_eq!((ended.code, ended.stderr.as_str()), (0, ""), "{ended:?}");
        token(&ended).unwrap()
    }

    /// `logs-gateway` as a command. The gateway's own configuration must not matter to it.
    pub(crate) fn logs_gateway(&self, arguments: &[&str], stdin: &str) -> Ended {
        let variables = [("HOME", self.home_path()), ("GATEWAY_LISTEN", "nowhere")];
        run(&binaries().logs_gateway, arguments, &variables, stdin)
    }

    /// Where the state is.
    pub(crate) fn directory(&self) -> PathBuf {
        self.home.path().join(".local/state/logs-gateway")
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

    /// Puts the session token's end, as the operator knows it, into the past.
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

fn token(ended: &Ended) -> Option<String> {
    let credential: Value = serde_json::from_str(&ended.stdout).ok()?;
    credential["status"]["token"].as_str().map(str::to_owned)
}
