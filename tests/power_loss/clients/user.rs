//! A user, as the user's clients and an administrator know it.

use fastrand::Rng;
use reqwest::Method;
use serde_json::{Value, json};

use super::{
    api::Api,
    known::{KnownKey, KnownSession, Validity},
};
use crate::harness::Answer;

/// The password, as far as the user was told.
#[derive(Debug, Clone)]
pub(super) enum KnownPassword {
    Certain(String),
    /// A change was not answered.
    Either {
        old: String,
        new: String,
    },
}

/// A user, as the user's clients and an administrator know it.
#[derive(Debug, Clone)]
pub(crate) struct KnownUser {
    pub(super) name: String,
    pub(super) password: KnownPassword,
    /// Whether the user was asked to be disabled or enabled, and no answer came.
    pub(super) enabling_unanswered: bool,
    pub(super) sessions: Vec<KnownSession>,
    pub(super) keys: Vec<KnownKey>,
    /// A token of an administrator, which never ends.
    pub(super) admin: String,
    /// Passwords and keys so far: each gets a new name.
    made: u32,
    /// Changes that were answered, and that were not.
    pub(super) answered: u64,
    pub(super) unanswered: u64,
}

impl KnownUser {
    /// A user who was created with the first password.
    pub(super) fn new(name: &str, admin: &str) -> Self {
        Self {
            name: name.to_owned(),
            password: KnownPassword::Certain(Self::first_password(name)),
            enabling_unanswered: false,
            sessions: Vec::new(),
            keys: Vec::new(),
            admin: admin.to_owned(),
            made: 0,
            answered: 0,
            unanswered: 0,
        }
    }

    pub(super) fn first_password(name: &str) -> String {
        format!("the first password of {name}")
    }

    pub(super) fn next(&mut self) -> u32 {
        self.made += 1;
        self.made
    }

    /// Adds sessions that were minted; only their tokens are known.
    pub(super) fn add_minted<'a>(&mut self, tokens: impl Iterator<Item = &'a str>) {
        self.sessions.extend(tokens.map(|token| KnownSession {
            id: String::new(),
            tokens: vec![token.to_owned()],
            refresh_token: None,
            refresh_unanswered: false,
            validity: Validity::Live,
        }));
    }

    /// Sends a change. `None`: it may have been made or not.
    ///
    /// # Panics
    /// When the answer has another status.
    pub(super) async fn change(
        &mut self,
        api: &Api,
        method: Method,
        path: &str,
        token: Option<&str>,
        body: Value,
        expected: &[u16],
    ) -> Option<Answer> {
        let answer = api.send(method, path, token, &body).await;
        match &answer {
            Some(answer) => {
                assert!(expected.contains(&answer.status), "{path} of {self:#?}: {answer:?}");
                self.answered += 1;
            }
            None => self.unanswered += 1,
        }
        answer
    }

    /// Sends a change as the administrator.
    pub(super) async fn administer(
        &mut self,
        api: &Api,
        method: Method,
        path: &str,
        body: Value,
        expected: u16,
    ) -> Option<Answer> {
        let admin = self.admin.clone();
        self.change(api, method, path, Some(&admin), body, &[expected]).await
    }

    /// Logs in with a password that must be right.
    pub(super) async fn log_in_with(&mut self, api: &Api, password: &str) -> Option<()> {
        let body = json!({ "username": self.name, "password": password });
        let answer = self.change(api, Method::POST, "/auth/login", None, body, &[200]).await?;
        self.sessions.push(KnownSession::of(&answer.json()));
        Some(())
    }

    /// A random one of the sessions that a condition holds for.
    pub(super) fn pick(
        &self,
        random: &mut Rng,
        condition: impl Fn(&KnownSession) -> bool,
    ) -> Option<usize> {
        let indices = 0..self.sessions.len();
        random.choice(indices.filter(|at| condition(&self.sessions[*at])).collect::<Vec<_>>())
    }

    /// Notes that the end of all live sessions is asked for, but for that of one.
    pub(super) fn begin_to_end_all(&mut self, except: Option<usize>) {
        for (at, session) in self.sessions.iter_mut().enumerate() {
            if session.is_live() && Some(at) != except {
                session.validity = Validity::UnknownWithOthers;
            }
        }
    }

    pub(super) fn all_have_ended(&mut self) {
        for session in &mut self.sessions {
            if session.validity == Validity::UnknownWithOthers {
                session.validity = Validity::Ended;
            }
        }
    }
}
