//! A provider of OpenID Connect that says what a test wants.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex},
    time::Duration,
};

use chrono::{DateTime, Utc};
use serde_json::{Value, json};
use tokio::{
    io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader},
    net::{TcpListener, TcpStream},
    sync::watch,
    time::timeout,
};
use url::form_urlencoded;
use uuid::Uuid;

use super::noon;
use crate::signing_keys::{
    JwtType, SigningKey, SigningKeyRecord, StoredPrivateKey, generate_private_key,
};

/// A provider of OpenID Connect that says what a test wants.
#[derive(Clone)]
pub(crate) struct FakeProvider {
    pub(crate) issuer: String,
    script: Arc<Mutex<Script>>,
    /// Whether it keeps its answers to itself.
    is_held: watch::Sender<bool>,
    /// How many requests it has received.
    received: watch::Sender<usize>,
}

/// What it says, and what it was asked.
struct Script {
    key: SigningKey,
    metadata: Value,
    /// What stands in the ID token. `None`: the code is refused.
    claims: Option<Value>,
    /// The ID token itself, in place of one with the claims.
    id_token: Option<String>,
    user_info: Value,
    /// Answers 500 to everything.
    fails: bool,
    /// The last request for tokens: its form and its `Authorization`.
    redeemed: (BTreeMap<String, String>, String),
}

impl FakeProvider {
    pub(crate) async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let issuer = format!("http://{}", listener.local_addr().unwrap());
        let url = |path: &str| format!("{issuer}{path}");
        let metadata = json!({
            "issuer": issuer,
            "authorization_endpoint": url("/authorize?tenant=1"),
            "token_endpoint": url("/token"),
            "jwks_uri": url("/jwks"),
            "userinfo_endpoint": url("/userinfo"),
        });
        let script = Script {
            key: new_key(),
            metadata,
            claims: None,
            id_token: None,
            user_info: json!({"sub": "subject-1"}),
            fails: false,
            redeemed: Default::default(),
        };
        let provider = Self {
            issuer,
            script: Arc::new(Mutex::new(script)),
            is_held: watch::Sender::new(false),
            received: watch::Sender::new(0),
        };
        let accepting = provider.clone();
        tokio::task::spawn_local(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let provider = accepting.clone();
                tokio::task::spawn_local(async move {
                    let _ = timeout(Duration::from_secs(30), provider.serve(stream)).await;
                });
            }
        });
        provider
    }

    /// Claims that are right for a log-in with this nonce.
    pub(crate) fn claims(&self, nonce: &str) -> Value {
        let now = noon().timestamp();
        json!({
            "iss": self.issuer,
            "sub": "subject-1",
            "aud": "logs",
            "exp": now + 300,
            "iat": now,
            "nonce": nonce,
            "preferred_username": "alice",
        })
    }

    pub(crate) fn say(&self, claims: Value) {
        self.script.lock().unwrap().claims = Some(claims);
    }

    pub(crate) fn say_token(&self, token: String) {
        self.script.lock().unwrap().id_token = Some(token);
    }

    pub(crate) fn say_in_userinfo(&self, claims: Value) {
        self.script.lock().unwrap().user_info = claims;
    }

    pub(crate) fn set_metadata(&self, name: &str, value: Value) {
        self.script.lock().unwrap().metadata[name] = value;
    }

    pub(crate) fn set_failing(&self, fails: bool) {
        self.script.lock().unwrap().fails = fails;
    }

    /// Answers no request until it is released.
    pub(crate) fn hold(&self) {
        self.is_held.send_replace(true);
    }

    pub(crate) fn release(&self) {
        self.is_held.send_replace(false);
    }

    /// Waits until it has received this many requests in all.
    pub(crate) async fn wait_for_requests(&self, count: usize) {
        self.received.subscribe().wait_for(|received| *received >= count).await.unwrap();
    }

    /// How many requests it has received.
    pub(crate) fn requests(&self) -> usize {
        *self.received.borrow()
    }

    /// Signs with another key from now on.
    pub(crate) fn rotate(&self) {
        self.script.lock().unwrap().key = new_key();
    }

    /// A token with these claims, signed with the present key.
    pub(crate) fn sign(&self, claims: &Value) -> String {
        self.script.lock().unwrap().key.sign(JwtType::Id, claims).unwrap().to_string()
    }

    /// The form of the last request for tokens, and its `Authorization`.
    pub(crate) fn redeemed(&self) -> (BTreeMap<String, String>, String) {
        self.script.lock().unwrap().redeemed.clone()
    }

    async fn serve(&self, stream: TcpStream) -> std::io::Result<()> {
        let mut stream = BufReader::new(stream);
        let (mut head, mut line) = (Vec::new(), String::new());
        while {
            line.clear();
            stream.read_line(&mut line).await? > 2
        } {
            head.push(line.trim_end().to_owned());
        }
        let header = |name: &str| {
            head.iter().find_map(|line| {
                let (other, value) = line.split_once(": ")?;
                other.eq_ignore_ascii_case(name).then(|| value.to_owned())
            })
        };
        let length = header("content-length").and_then(|length| length.parse().ok());
        let mut body = vec![0; length.unwrap_or(0)];
        stream.read_exact(&mut body).await?;
        let path = head[0].split(' ').nth(1).unwrap_or_default();
        self.received.send_modify(|received| *received += 1);
        let mut is_held = self.is_held.subscribe();
        // The sender is here: it cannot be gone.
        let _ = is_held.wait_for(|is_held| !is_held).await;
        let (status, answer) = self.answer(path, &body, header("authorization"));
        let answer = answer.to_string();
        let answer = format!(
            "HTTP/1.1 {status} x\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\
             connection: close\r\n\r\n{answer}",
            answer.len()
        );
        stream.write_all(answer.as_bytes()).await
    }

    fn answer(&self, path: &str, body: &[u8], authorization: Option<String>) -> (u16, Value) {
        let mut script = self.script.lock().unwrap();
        match path {
            _ if script.fails => (500, Value::Null),
            "/.well-known/openid-configuration" => (200, script.metadata.clone()),
            "/jwks" => {
                let key = script.key.public();
                let key = json!({
                    "kty": "EC", "crv": "P-256", "use": "sig", "alg": "ES256",
                    "kid": key.id, "x": key.x, "y": key.y,
                });
                // A key of a kind that is not known is passed over.
                (200, json!({"keys": [{"kty": "OKP", "crv": "Ed25519", "x": "AA"}, key]}))
            }
            "/token" => {
                let form = form_urlencoded::parse(body).into_owned().collect();
                script.redeemed = (form, authorization.unwrap_or_default());
                let Some(claims) = script.claims.clone() else {
                    return (400, json!({"error": "invalid_grant"}));
                };
                let token = script
                    .id_token
                    .clone()
                    .unwrap_or_else(|| script.key.sign(JwtType::Id, &claims).unwrap().to_string());
                (200, json!({"id_token": token, "access_token": "at", "token_type": "Bearer"}))
            }
            "/userinfo" if authorization.as_deref() == Some("Bearer at") => {
                (200, script.user_info.clone())
            }
            _ => (404, Value::Null),
        }
    }
}

fn new_key() -> SigningKey {
    let private = generate_private_key().unwrap();
    let signs_from: DateTime<Utc> = noon();
    let record = SigningKeyRecord {
        number: 1,
        id: Uuid::from_u128(fastrand::u128(..)),
        signs_from,
        private_key: StoredPrivateKey::Plain(private.clone()),
    };
    SigningKey::new(&record, &private).unwrap()
}
