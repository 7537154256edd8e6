//! A client of all instances, which notes what it asked for and was told.

use std::{sync::Arc, time::Instant};

use futures_util::future::join_all;
use reqwest::Method;
use serde_json::{Value, json};

use super::answers::Http;
use crate::{
    harness::{Answer, Ask, patience, until},
    history::{Change, History, Token, Told, Validation},
};

/// The permission whose changes are noted, of the role that users may have.
const ROLE: &str = "reader";
const PERMISSION: &str = "logs:read";
/// The cookie of a session token, over plain HTTP.
const COOKIE: &str = "session_id";

/// A client of all instances.
#[derive(Debug, Clone)]
pub(crate) struct Client {
    http: Http,
    admin: String,
    pub(crate) history: Arc<History>,
}

/// A token, and what is needed to renew or to end it.
#[derive(Debug, Clone)]
pub(crate) struct Credential {
    pub(crate) token: Token,
    secret: String,
    /// Of a key.
    id: Option<String>,
    /// Of a session that began with a log-in.
    refresh_token: Option<String>,
}

/// A user with a password.
#[derive(Debug, Clone)]
pub(crate) struct Person {
    pub(crate) number: usize,
    pub(crate) name: String,
}

impl Credential {
    /// Whether both were answered as the same tokens.
    pub(crate) fn is_same(&self, other: &Self) -> bool {
        (&self.secret, &self.refresh_token) == (&other.secret, &other.refresh_token)
    }
}

impl Person {
    fn password(&self) -> String {
        format!("the password of {}", self.name)
    }

    /// A session of the user whose token was printed by a command.
    pub(crate) fn minted(&self, history: &History, secret: &str) -> Credential {
        let token = Token { number: history.number(), user: self.number };
        Credential { token, secret: secret.to_owned(), id: None, refresh_token: None }
    }
}

impl Client {
    pub(super) fn new(urls: Vec<String>, admin: &str, history: Arc<History>) -> Self {
        Self { http: Http::new(urls), admin: admin.to_owned(), history }
    }

    pub(crate) fn instances(&self) -> usize {
        self.http.count()
    }

    /// Creates a user with the permission, at the first instance.
    pub(crate) async fn create_person(&self) -> Person {
        let number = self.history.number();
        let person = Person { number, name: format!("user-{number}") };
        let (name, password) = (&person.name, person.password());
        let body = json!({ "username": name, "password": password, "roles": [] });
        let created = (Method::POST, "/admin/users");
        self.http.send(0, created, Some(&self.admin), &body, &[201]).await.unwrap();
        person
    }

    /// Logs in. A disabled user has no session: `None` as well.
    pub(crate) async fn log_in(&self, at: usize, person: &Person) -> Option<Credential> {
        let token = Token { number: self.history.number(), user: person.number };
        let body = json!({ "username": person.name, "password": person.password() });
        let request = (Method::POST, "/auth/login");
        let asked = self.http.send(at, request, None, &body, &[200]);
        let answer = self.history.change(Change::Begin(token), asked).await?;
        Some(Credential { token, ..session(&answer.json()) })
    }

    /// Renews a session. The token before stays valid.
    pub(crate) async fn refresh(&self, at: usize, session: &Credential) -> Option<Credential> {
        let token = Token { number: self.history.number(), ..session.token };
        let body = json!({ "refresh_token": session.refresh_token });
        let asked = self.http.send(at, (Method::POST, "/auth/refresh"), None, &body, &[200]);
        let answer = self.history.change(Change::Begin(token), asked).await?;
        Some(Credential { token, ..self::session(&answer.json()) })
    }

    /// Creates a key.
    pub(crate) async fn create_key(&self, at: usize) -> Option<Credential> {
        let number = self.history.number();
        let token = Token { number, user: number };
        let body = json!({ "name": format!("key-{number}"), "permissions": [] });
        let request = (Method::POST, "/admin/keys");
        let asked = self.http.send(at, request, Some(&self.admin), &body, &[201]);
        let answer = self.history.change(Change::Begin(token), asked).await?.json();
        let text = |member: &str| answer[member].as_str().unwrap().to_owned();
        Some(Credential { token, secret: text("key"), id: Some(text("id")), refresh_token: None })
    }

    /// Logs out, or deletes a key. One that is gone already is gone.
    pub(crate) async fn end(&self, at: usize, of: &Credential) -> Option<Answer> {
        let delete = of.id.as_ref().map(|id| format!("/admin/keys/{id}"));
        let asked = async {
            match &delete {
                Some(path) => {
                    self.administer(at, Method::DELETE, path, &Value::Null, &[204, 404]).await
                }
                None => self.log_out(at, &of.secret).await,
            }
        };
        self.history.change(Change::End(of.token), asked).await
    }

    /// The same, asked again until there is an answer.
    pub(crate) async fn end_for_certain(&self, at: usize, of: &Credential) {
        until("the end is answered", 6 * patience(), async || self.end(at, of).await).await;
    }

    async fn log_out(&self, at: usize, secret: &str) -> Option<Answer> {
        let request = (Method::POST, "/auth/logout");
        self.http.send(at, request, Some(secret), &Value::Null, &[204]).await
    }

    /// Ends all sessions of a user.
    pub(crate) async fn end_all_of(&self, at: usize, person: &Person) -> Option<Answer> {
        let path = format!("/admin/users/{}/sessions", person.name);
        let asked = self.administer(at, Method::DELETE, &path, &Value::Null, &[204]);
        self.history.change(Change::EndAllOf(person.number), asked).await
    }

    /// Disables a user, which ends all sessions, and enables the user again.
    pub(crate) async fn disable(&self, at: usize, person: &Person) -> Option<Answer> {
        let asked = self.patch(at, person, json!({ "disabled": true }));
        self.history.change(Change::EndAllOf(person.number), asked).await?;
        self.enable(at, person).await
    }

    /// Enables a user.
    pub(crate) async fn enable(&self, at: usize, person: &Person) -> Option<Answer> {
        self.patch(at, person, json!({ "disabled": false })).await
    }

    /// Gives the user the permission.
    pub(crate) async fn give(&self, at: usize, person: &Person) -> Option<Answer> {
        let asked = self.patch(at, person, json!({ "roles": [ROLE] }));
        self.history.change(Change::Give(person.number), asked).await
    }

    /// Takes the permission away.
    pub(crate) async fn take(&self, at: usize, person: &Person) -> Option<Answer> {
        let asked = self.patch(at, person, json!({ "roles": [] }));
        self.history.change(Change::Take(person.number), asked).await
    }

    async fn patch(&self, at: usize, person: &Person, change: Value) -> Option<Answer> {
        let path = format!("/admin/users/{}", person.name);
        self.administer(at, Method::PATCH, &path, &change, &[200]).await
    }

    async fn administer(
        &self,
        at: usize,
        method: Method,
        path: &str,
        body: &Value,
        expected: &[u16],
    ) -> Option<Answer> {
        self.http.send(at, (method, path), Some(&self.admin), body, expected).await
    }

    /// Validates a token at an instance. `None` without an answer.
    pub(crate) async fn validate(&self, at: usize, of: &Credential) -> Option<Told> {
        let path = "/auth/validate";
        let request = self.http.request(at, Method::POST, path, Some(&of.secret), &Value::Null);
        let began = Instant::now();
        let told = told(&request.try_to_ask().await?)?;
        let (token, ended) = (of.token, Instant::now());
        self.history.note_validation(Validation { token, instance: at, began, ended, told });
        Some(told)
    }

    /// Waits until an instance answers so about a token.
    pub(crate) async fn until_told(&self, told: Told, at: usize, of: &Credential) {
        until(&format!("{told:?} at instance {at}"), 3 * patience(), async || {
            (self.validate(at, of).await == Some(told)).then_some(())
        })
        .await;
    }

    /// Opens the page of the account with the token as a cookie.
    pub(crate) async fn open_page(&self, at: usize, of: &Credential) -> Answer {
        let request = self.http.request(at, Method::GET, "/account", None, &Value::Null);
        let request = request.header("accept", "text/html").header("sec-fetch-site", "none");
        request.header("cookie", format!("{COOKIE}={}", of.secret)).ask().await
    }

    /// Validates a token at every instance at the same time.
    pub(crate) async fn validate_everywhere(&self, of: &Credential) -> Vec<Option<Told>> {
        join_all((0..self.instances()).map(|at| self.validate(at, of))).await
    }
}

/// None if an instance stood still before it had read the request.
fn told(answer: &Answer) -> Option<Told> {
    Some(match answer.status {
        408 => return None,
        200 => {
            let permissions = answer.json()["permissions"].as_array().unwrap().clone();
            Told::Yes { permitted: permissions.iter().any(|one| one == PERMISSION) }
        }
        401 => Told::No,
        503 => Told::Unknown,
        _ => panic!("{answer:?}"),
    })
}

/// The secrets of an answer with a session.
fn session(answer: &Value) -> Credential {
    let text = |member: &str| answer[member].as_str().unwrap().to_owned();
    Credential {
        token: Token { number: 0, user: 0 },
        secret: text("token"),
        id: None,
        refresh_token: Some(text("refresh_token")),
    }
}
