//! Users of one run, with random passwords.

use std::{fs::OpenOptions, io::Write, os::unix::fs::OpenOptionsExt, path::Path, time::Duration};

use anyhow::{Context, anyhow, ensure};
use serde::Deserialize;
use serde_json::json;
use tokio::process::Command;

use crate::{certificates::client_config, endpoint::Endpoint};

/// 32 characters, so that each byte of randomness picks every one with the same probability;
/// none is special to a shell or a form, or looks like another.
const ALPHABET: &[u8; 32] = b"abcdefghijkmnpqrstuvwxyz23456789";
/// 120 bits.
const PASSWORD_LENGTH: usize = 24;
/// Long enough for a password hash in a debug build on a busy machine.
const LOGIN_LIMIT: Duration = Duration::from_secs(15);

/// A user of this run only.
pub struct Account {
    /// The user name.
    pub name: &'static str,
    /// In plain text: it is printed for the developer.
    pub password: String,
}

/// The answer to a log-in.
#[derive(Deserialize)]
pub struct Session {
    /// The session token.
    pub token: String,
    /// The lifetime of the token, in seconds.
    pub expires_in: u64,
}

impl Account {
    /// An account with a random password.
    ///
    /// # Errors
    /// When the operating system gives no random bytes.
    pub fn new(name: &'static str) -> anyhow::Result<Self> {
        Ok(Self { name, password: random_password()? })
    }

    /// Adds the account, with `permission` alone, to the database that the command `sso_service`
    /// was configured with. The password is passed in a file in `directory`.
    ///
    /// # Errors
    /// When the file cannot be written or the command fails.
    pub async fn create(
        &self,
        mut sso_service: Command,
        permission: &str,
        directory: &Path,
    ) -> anyhow::Result<()> {
        let password_file = directory.join(self.name).with_extension("password");
        OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(&password_file)
            .and_then(|mut file| file.write_all(self.password.as_bytes()))
            .with_context(|| format!("cannot write {password_file:?}"))?;
        let output = sso_service
            .args(["admin", "user", "create", self.name, "--permission", permission])
            .arg("--password-file")
            .arg(&password_file)
            .kill_on_drop(true)
            .output()
            .await
            .context("cannot run sso-service admin")?;
        let explanation = String::from_utf8_lossy(&output.stderr);
        ensure!(output.status.success(), "cannot create user {}: {explanation}", self.name);
        Ok(())
    }

    /// Logs in at this `sso-service`.
    ///
    /// # Errors
    /// When it refuses, or gives no answer within 15 s.
    pub async fn log_in(&self, sso_service: &Endpoint<'_>) -> anyhow::Result<Session> {
        self.ask_for_session(sso_service)
            .await
            .with_context(|| format!("cannot log in as {}", self.name))
    }

    async fn ask_for_session(&self, sso_service: &Endpoint<'_>) -> anyhow::Result<Session> {
        let answer = reqwest::Client::builder()
            .no_proxy()
            .timeout(LOGIN_LIMIT)
            .tls_backend_preconfigured(client_config(sso_service.certificates)?)
            .build()?
            .post(format!("{}/auth/login", sso_service.url()))
            .json(&json!({ "username": self.name, "password": self.password }))
            .send()
            .await?;
        if answer.status().is_success() {
            Ok(answer.json().await?)
        } else {
            Err(anyhow!("{}: {}", answer.status(), answer.text().await?))
        }
    }
}

fn random_password() -> anyhow::Result<String> {
    let mut bytes = [0; PASSWORD_LENGTH];
    getrandom::fill(&mut bytes).context("cannot get random bytes from the operating system")?;
    Ok(bytes.iter().map(|byte| char::from(ALPHABET[usize::from(byte % 32)])).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_is_long_plain_and_random() {
        let password = random_password().unwrap();
        assert_eq!(password.len(), PASSWORD_LENGTH);
        assert!(password.bytes().all(|byte| byte.is_ascii_alphanumeric()), "{password}");
        assert_ne!(password, random_password().unwrap());
    }
}
