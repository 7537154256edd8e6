//! An authority with configurable answers, also wrong ones, that records its requests.

use std::{
    net::SocketAddr,
    sync::{Arc, Mutex},
    time::Duration,
};

use serde_json::{Value, json};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    sync::watch,
    task::JoinHandle,
};

/// An answer of the fake authority.
#[derive(Debug, Clone)]
pub(crate) enum Reply {
    /// Sends these bytes, then closes the connection.
    Bytes(Vec<u8>),
    /// Sends these bytes, then single bytes slowly, without end.
    Drip(Vec<u8>),
    /// Closes each new connection.
    HangUp,
    /// Sends nothing until another answer is set.
    Nothing,
    /// Sends this answer after a call of `release`.
    Held(Box<Reply>),
    /// Accepts every token, for the user that [`owner`] derives from it, in an answer of its own or
    /// in a batch.
    ForOwners,
}

/// The user that [`Reply::ForOwners`] derives from a token.
pub(crate) fn owner(token: &str) -> String {
    format!("owner-{}", token[token.len() - 6..].to_lowercase())
}

impl Reply {
    /// A whole answer with a body of JSON.
    pub(crate) fn json(status: u16, body: &Value) -> Self {
        Self::http(status, "content-type: application/json\r\n", &body.to_string())
    }

    /// A whole answer; each of the headers ends with a line end.
    pub(crate) fn http(status: u16, headers: &str, body: &str) -> Self {
        let length = body.len();
        let head = format!("HTTP/1.1 {status} Whatever\r\n{headers}content-length: {length}\r\n");
        Self::Bytes(format!("{head}connection: close\r\n\r\n{body}").into_bytes())
    }
}

/// A valid answer that a test can spoil.
#[derive(Debug)]
pub(crate) struct ActiveAnswer(Value);

impl ActiveAnswer {
    /// For a user `alice` with this permission.
    pub(crate) fn of(permission: &str) -> Self {
        Self(json!({
            "success": true,
            "authorized": true,
            "username": "alice",
            "user_id": "01a1fc79-d515-7505-bedb-7c22a2076c8a",
            "roles": [],
            "permissions": [permission],
            "session_id": "01a1fc79-d515-7505-bedb-7c22a2076c8b",
            "issued_at": "2026-11-01T10:00:00Z",
            "expires_at": "2999-01-01T00:00:00Z",
        }))
    }

    fn of_owner(token: &str) -> Self {
        Self::of("logs:read").with("username", owner(token)).with("status", 200)
    }

    pub(crate) fn with(mut self, field: &str, value: impl Into<Value>) -> Self {
        self.0[field] = value.into();
        self
    }

    pub(crate) fn without(mut self, field: &str) -> Self {
        self.0.as_object_mut().unwrap().remove(field);
        self
    }

    pub(crate) fn value(&self) -> Value {
        self.0.clone()
    }

    pub(crate) fn reply(&self) -> Reply {
        Reply::json(200, &self.0)
    }
}

/// A recorded request.
#[derive(Debug, Clone)]
pub(crate) struct Asked {
    /// Method, target and version.
    pub(crate) line: String,
    /// Names in lower case.
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
}

impl Asked {
    pub(crate) fn is_batch(&self) -> bool {
        self.line.contains("/batch ")
    }

    /// The tokens in the request.
    pub(crate) fn tokens(&self) -> Vec<String> {
        if !self.is_batch() {
            return vec![self.header("authorization").replacen("Bearer ", "", 1)];
        }
        let body: Value = serde_json::from_slice(&self.body).unwrap();
        let tokens = body["tokens"].as_array().unwrap().iter();
        tokens.map(|token| token.as_str().unwrap().to_owned()).collect()
    }

    fn answer_for_owners(&self) -> Reply {
        let tokens = self.tokens();
        let mut answers = tokens.iter().map(|token| ActiveAnswer::of_owner(token).0);
        if self.is_batch() {
            Reply::json(200, &json!({ "answers": answers.collect::<Vec<_>>() }))
        } else {
            Reply::json(200, &answers.next().unwrap())
        }
    }

    pub(crate) fn header(&self, name: &str) -> &str {
        self.find(name).unwrap_or_else(|| panic!("no {name}: {self:?}"))
    }

    /// The first header of this name, if there is one.
    pub(crate) fn find(&self, name: &str) -> Option<&str> {
        self.all(name).next()
    }

    /// All headers of this name.
    pub(crate) fn all(&self, name: &str) -> impl Iterator<Item = &str> {
        let named = self.headers.iter().filter(move |(other, _)| other == name);
        named.map(|(_, value)| value.as_str())
    }

    /// The path and query.
    pub(crate) fn target(&self) -> &str {
        self.line.split(' ').nth(1).unwrap()
    }
}

/// A server that runs until dropped.
#[derive(Debug)]
pub(crate) struct FakeAuthority {
    address: SocketAddr,
    state: Arc<State>,
    task: JoinHandle<()>,
}

#[derive(Debug)]
struct State {
    reply: watch::Sender<Reply>,
    /// The answer to batches, if it differs.
    batch_reply: Mutex<Option<Reply>>,
    release: watch::Sender<bool>,
    asked: Mutex<Vec<Asked>>,
}

impl FakeAuthority {
    pub(crate) async fn start(reply: Reply) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let state = Arc::new(State {
            reply: watch::Sender::new(reply),
            batch_reply: Mutex::default(),
            release: watch::Sender::new(false),
            asked: Mutex::default(),
        });
        let task = tokio::spawn(serve(listener, state.clone()));
        Self { address, state, task }
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address())
    }

    /// Sets the answer.
    pub(crate) fn answer(&self, reply: Reply) {
        self.state.reply.send_replace(reply);
    }

    /// Sets the answer to batches.
    pub(crate) fn answer_batches(&self, reply: Reply) {
        *self.state.batch_reply.lock().unwrap() = Some(reply);
    }

    /// Sends the withheld answers.
    pub(crate) fn release(&self) {
        self.state.release.send_replace(true);
    }

    /// All requests so far.
    pub(crate) fn asked(&self) -> Vec<Asked> {
        self.state.asked.lock().unwrap().clone()
    }
}

impl Drop for FakeAuthority {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn serve(listener: TcpListener, state: Arc<State>) {
    while let Ok((stream, _)) = listener.accept().await {
        tokio::spawn(answer(stream, state.clone()));
    }
}

/// A client that leaves in the middle is ignored.
async fn answer(mut stream: TcpStream, state: Arc<State>) -> Option<()> {
    let mut replies = state.reply.subscribe();
    if matches!(*replies.borrow(), Reply::HangUp) {
        return None;
    }
    let asked = read_request(&mut stream).await?;
    state.asked.lock().unwrap().push(asked.clone());
    let is_something = |reply: &Reply| !matches!(reply, Reply::Nothing);
    let of_batches = state.batch_reply.lock().unwrap().clone().filter(|_| asked.is_batch());
    let mut reply = match of_batches {
        Some(reply) => reply,
        None => replies.wait_for(is_something).await.ok()?.clone(),
    };
    if let Reply::Held(held) = reply {
        state.release.subscribe().wait_for(|release| *release).await.ok()?;
        reply = *held;
    }
    if let Reply::ForOwners = reply {
        reply = asked.answer_for_owners();
    }
    match reply {
        Reply::HangUp | Reply::Nothing | Reply::Held(_) | Reply::ForOwners => {}
        Reply::Bytes(bytes) => stream.write_all(&bytes).await.ok()?,
        Reply::Drip(bytes) => {
            stream.write_all(&bytes).await.ok()?;
            loop {
                stream.write_all(b" ").await.ok()?;
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        }
    }
    stream.shutdown().await.ok()
}

/// Reads one request of a connection; `None` if it ends before.
pub(super) async fn read_request(stream: &mut TcpStream) -> Option<Asked> {
    let mut bytes = Vec::new();
    let head_end = loop {
        if let Some(end) = bytes.windows(4).position(|window| window == b"\r\n\r\n") {
            break end;
        }
        read_some(stream, &mut bytes).await?;
    };
    let head = String::from_utf8(bytes[..head_end].to_vec()).unwrap();
    let mut lines = head.split("\r\n");
    let line = lines.next()?.to_owned();
    let headers: Vec<(String, String)> = lines
        .filter_map(|line| line.split_once(": "))
        .map(|(name, value)| (name.to_ascii_lowercase(), value.to_owned()))
        .collect();
    let length = headers.iter().find(|(name, _)| name == "content-length");
    let length = length.map_or(0, |(_, length)| length.parse().unwrap());
    while bytes.len() < head_end + 4 + length {
        read_some(stream, &mut bytes).await?;
    }
    Some(Asked { line, headers, body: bytes[head_end + 4..].to_vec() })
}

async fn read_some(stream: &mut TcpStream, bytes: &mut Vec<u8>) -> Option<()> {
    let read = stream.read_buf(bytes).await.ok()?;
    (read > 0).then_some(())
}
