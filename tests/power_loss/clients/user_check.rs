//! Whether everything that was answered still holds after a restart. What was unknown is certain
//! afterwards: the service serves what is on the disk. `None`: the service ended meanwhile.

use std::fmt::Debug;

use fastrand::Rng;
use reqwest::Method;
use serde_json::{Value, json};

use super::{
    api::Api,
    known::Validity,
    user::{KnownPassword, KnownUser},
};

impl KnownUser {
    /// Checks all that is known of the user.
    ///
    /// # Panics
    /// When something that was answered does not hold.
    pub(super) async fn check(&mut self, api: &Api, random: &mut Rng) -> Option<()> {
        self.check_sessions(api).await?;
        self.check_keys(api).await?;
        self.check_account(api).await?;
        self.check_password(api, random).await?;
        self.check_refresh_tokens(api, random).await
    }

    async fn check_sessions(&mut self, api: &Api) -> Option<()> {
        let tokens: Vec<&str> = self
            .sessions
            .iter()
            .flat_map(|session| &session.tokens)
            .map(|token| &**token)
            .collect();
        let mut valid = api.validate(&tokens).await?.into_iter();
        let mut of_others = None;
        for session in &mut self.sessions {
            let of_session: Vec<bool> = valid.by_ref().take(session.tokens.len()).collect();
            assert!(of_session.iter().all(|valid| *valid == of_session[0]), "{session:#?}");
            if session.validity == Validity::UnknownWithOthers {
                let of_others = *of_others.get_or_insert(of_session[0]);
                assert_eq!(of_session[0], of_others, "half a change was made: {session:#?}");
            }
            session.validity = settle(session.validity, of_session[0], session);
        }
        Some(())
    }

    async fn check_keys(&mut self, api: &Api) -> Option<()> {
        let keys: Vec<&str> = self.keys.iter().map(|key| &*key.key).collect();
        let valid = api.validate(&keys).await?;
        for (key, valid) in self.keys.iter_mut().zip(valid) {
            key.validity = settle(key.validity, valid, key);
        }
        Some(())
    }

    async fn check_account(&mut self, api: &Api) -> Option<()> {
        if self.enabling_unanswered {
            return self.enable(api).await;
        }
        let path = format!("/admin/users/{}", self.name);
        let answer = api.send(Method::GET, &path, Some(&self.admin), &Value::Null).await?;
        assert_eq!(answer.json()["disabled"], false, "{self:#?}");
        Some(())
    }

    /// A log-in costs a hash, so a password that is certain is not always tried.
    async fn check_password(&mut self, api: &Api, random: &mut Rng) -> Option<()> {
        match self.password.clone() {
            KnownPassword::Certain(_) if random.u8(..6) > 0 => Some(()),
            KnownPassword::Certain(password) => self.log_in_with(api, &password).await,
            KnownPassword::Either { old, new } => {
                let is_new = api.log_in(&self.name, &new).await?.status == 200;
                let password = if is_new { new } else { old };
                self.log_in_with(api, &password).await?;
                self.password = KnownPassword::Certain(password);
                Some(())
            }
        }
    }

    /// A refresh that was not answered is repeated. Of the sessions that have ended, one is tried.
    async fn check_refresh_tokens(&mut self, api: &Api, random: &mut Rng) -> Option<()> {
        for at in 0..self.sessions.len() {
            if self.sessions[at].is_live() && self.sessions[at].refresh_unanswered {
                self.refresh_session(api, at).await?;
            }
        }
        let ended = self.pick(random, |session| {
            session.validity == Validity::Ended && session.refresh_token.is_some()
        });
        if let Some(at) = ended {
            let body = json!({ "refresh_token": self.sessions[at].refresh_token });
            let answer = api.send(Method::POST, "/auth/refresh", None, &body).await?;
            assert_eq!(answer.status, 401, "{:#?}", self.sessions[at]);
        }
        Some(())
    }
}

/// What is known after a token was found to be valid or not.
///
/// # Panics
/// When an answer said otherwise before.
fn settle(validity: Validity, valid: bool, of: &impl Debug) -> Validity {
    match validity {
        Validity::Live => assert!(valid, "an answered change is lost: {of:#?}"),
        Validity::Ended => assert!(!valid, "an answered end is lost: {of:#?}"),
        Validity::Unknown | Validity::UnknownWithOthers => {}
    }
    if valid { Validity::Live } else { Validity::Ended }
}
