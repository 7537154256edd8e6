//! What a user and an administrator change, at random. Each change is noted as unknown before it is
//! sent, and is certain when it was answered; `None` means that it was not.

use fastrand::Rng;
use reqwest::Method;
use serde_json::{Value, json};

use super::{
    api::Api,
    known::{KnownKey, KnownSession, Validity, text},
    user::{KnownPassword, KnownUser},
};

impl KnownUser {
    /// Changes something.
    pub(super) async fn change_something(&mut self, api: &Api, random: &mut Rng) -> Option<()> {
        match random.u8(..100) {
            0..6 => self.log_in(api).await,
            6..28 => self.refresh(api, random).await,
            28..44 => self.log_out(api, random).await,
            44..54 => self.revoke_own(api, random).await,
            54..58 => self.end_others(api, random).await,
            58..60 => self.end_all(api).await,
            60..63 => self.disable_and_enable(api).await,
            63..65 => self.change_password(api, random).await,
            65..67 => self.reset_password(api).await,
            67..85 => self.create_key(api).await,
            _ => self.delete_key(api, random).await,
        }
    }

    pub(super) async fn log_in(&mut self, api: &Api) -> Option<()> {
        let KnownPassword::Certain(password) = self.password.clone() else {
            panic!("changed while the password is unknown: {self:#?}");
        };
        self.log_in_with(api, &password).await
    }

    async fn refresh(&mut self, api: &Api, random: &mut Rng) -> Option<()> {
        match self.pick(random, |session| session.is_live() && session.refresh_token.is_some()) {
            Some(at) => self.refresh_session(api, at).await,
            None => self.log_in(api).await,
        }
    }

    /// Renews a session, unless that was done a moment ago.
    pub(super) async fn refresh_session(&mut self, api: &Api, at: usize) -> Option<()> {
        self.sessions[at].refresh_unanswered = true;
        let body = json!({ "refresh_token": self.sessions[at].refresh_token });
        let path = "/auth/refresh";
        let answer = self.change(api, Method::POST, path, None, body, &[200, 429]).await?;
        match answer.status {
            200 => self.sessions[at].renew(&answer.json()),
            _ => self.sessions[at].refresh_unanswered = false,
        }
        Some(())
    }

    async fn log_out(&mut self, api: &Api, random: &mut Rng) -> Option<()> {
        let Some(at) = self.pick(random, KnownSession::is_live) else {
            return self.create_key(api).await;
        };
        let token = self.sessions[at].token().to_owned();
        self.sessions[at].validity = Validity::Unknown;
        let path = "/auth/logout";
        self.change(api, Method::POST, path, Some(&token), Value::Null, &[204]).await?;
        self.sessions[at].validity = Validity::Ended;
        Some(())
    }

    /// Ends a session of the user by its id, from another one.
    async fn revoke_own(&mut self, api: &Api, random: &mut Rng) -> Option<()> {
        let ended = self.pick(random, |session| session.is_live() && !session.id.is_empty());
        let by = self.pick(random, KnownSession::is_live);
        let (Some(ended), Some(by)) = (ended, by) else {
            return self.log_in(api).await;
        };
        let token = self.sessions[by].token().to_owned();
        let path = format!("/auth/sessions/{}", self.sessions[ended].id);
        self.sessions[ended].validity = Validity::Unknown;
        self.change(api, Method::DELETE, &path, Some(&token), Value::Null, &[204]).await?;
        self.sessions[ended].validity = Validity::Ended;
        Some(())
    }

    async fn end_others(&mut self, api: &Api, random: &mut Rng) -> Option<()> {
        let Some(by) = self.pick(random, KnownSession::is_live) else {
            return self.log_in(api).await;
        };
        let token = self.sessions[by].token().to_owned();
        self.begin_to_end_all(Some(by));
        let path = "/auth/sessions";
        self.change(api, Method::DELETE, path, Some(&token), Value::Null, &[204]).await?;
        self.all_have_ended();
        Some(())
    }

    async fn end_all(&mut self, api: &Api) -> Option<()> {
        self.begin_to_end_all(None);
        let path = format!("/admin/users/{}/sessions", self.name);
        self.administer(api, Method::DELETE, &path, Value::Null, 204).await?;
        self.all_have_ended();
        Some(())
    }

    async fn disable_and_enable(&mut self, api: &Api) -> Option<()> {
        self.begin_to_end_all(None);
        self.enabling_unanswered = true;
        self.patch(api, json!({ "disabled": true })).await?;
        self.all_have_ended();
        self.enable(api).await
    }

    pub(super) async fn enable(&mut self, api: &Api) -> Option<()> {
        self.patch(api, json!({ "disabled": false })).await?;
        self.enabling_unanswered = false;
        Some(())
    }

    async fn change_password(&mut self, api: &Api, random: &mut Rng) -> Option<()> {
        let Some(by) = self.pick(random, KnownSession::is_live) else {
            return self.log_in(api).await;
        };
        let token = self.sessions[by].token().to_owned();
        let (old, new) = self.begin_to_change_password();
        self.begin_to_end_all(Some(by));
        let body = json!({ "current_password": old, "new_password": new });
        let path = "/auth/password";
        self.change(api, Method::POST, path, Some(&token), body, &[204]).await?;
        self.password = KnownPassword::Certain(new);
        self.all_have_ended();
        Some(())
    }

    async fn reset_password(&mut self, api: &Api) -> Option<()> {
        let (_, new) = self.begin_to_change_password();
        self.begin_to_end_all(None);
        self.patch(api, json!({ "password": new })).await?;
        self.password = KnownPassword::Certain(new);
        self.all_have_ended();
        Some(())
    }

    fn begin_to_change_password(&mut self) -> (String, String) {
        let new = format!("password number {} of {}", self.next(), self.name);
        let KnownPassword::Certain(old) = self.password.clone() else {
            panic!("changed while the password is unknown: {self:#?}");
        };
        self.password = KnownPassword::Either { old: old.clone(), new: new.clone() };
        (old, new)
    }

    async fn patch(&mut self, api: &Api, change: Value) -> Option<()> {
        let path = format!("/admin/users/{}", self.name);
        self.administer(api, Method::PATCH, &path, change, 200).await.map(drop)
    }

    pub(super) async fn create_key(&mut self, api: &Api) -> Option<()> {
        let number = self.next();
        let name = format!("{}-{number}", self.name);
        let body = json!({ "name": name, "permissions": ["logs:read"] });
        let answer = self.administer(api, Method::POST, "/admin/keys", body, 201).await?.json();
        let validity = Validity::Live;
        self.keys.push(KnownKey { id: text(&answer, "id"), key: text(&answer, "key"), validity });
        Some(())
    }

    async fn delete_key(&mut self, api: &Api, random: &mut Rng) -> Option<()> {
        let live = |at: &usize| self.keys[*at].validity == Validity::Live;
        let Some(at) = random.choice((0..self.keys.len()).filter(live).collect::<Vec<_>>()) else {
            return self.create_key(api).await;
        };
        self.keys[at].validity = Validity::Unknown;
        let path = format!("/admin/keys/{}", self.keys[at].id);
        self.administer(api, Method::DELETE, &path, Value::Null, 204).await?;
        self.keys[at].validity = Validity::Ended;
        Some(())
    }
}
