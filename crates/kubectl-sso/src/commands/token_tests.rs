//! Renewal against an authority that answers in a given order.

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex},
};

use futures_util::future::join_all;
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
};

use super::*;
use crate::{
    authority::session_answer,
    clock::StoppedClock,
    session::tests::{at, session},
};

/// The reaction of the authority to one request.
pub(crate) enum Reply {
    Session(Box<Session>),
    NoContent,
    Problem(u16, &'static str),
    /// It reads the request and closes the connection.
    HangUp,
}

/// An authority that answers in a given order, and hangs up after the last answer.
pub(crate) struct FakeAuthority {
    pub(crate) sso: AuthorityUrl,
    /// The tokens that were presented to it: refresh tokens to `/auth/refresh`, session tokens to
    /// `/auth/logout`.
    presented: Arc<Mutex<Vec<String>>>,
}

impl FakeAuthority {
    pub(crate) async fn start(replies: impl IntoIterator<Item = Reply>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let sso = format!("http://{}", listener.local_addr().unwrap());
        let fake = Self { sso: AuthorityUrl::parse(&sso).unwrap(), presented: Arc::default() };
        let (presented, mut replies) = (fake.presented.clone(), VecDeque::from_iter(replies));
        tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                let token = read_token(&mut stream).await;
                presented.lock().unwrap().push(token);
                let reply = replies.pop_front().unwrap_or(Reply::HangUp);
                let _ = stream.write_all(spell(&reply).as_bytes()).await;
            }
        });
        fake
    }

    pub(crate) fn presented(&self) -> Vec<String> {
        self.presented.lock().unwrap().clone()
    }
}

async fn read_token(stream: &mut TcpStream) -> String {
    let mut request = Vec::new();
    loop {
        assert!(stream.read_buf(&mut request).await.unwrap() > 0);
        let text = String::from_utf8_lossy(&request);
        let Some((head, body)) = text.split_once("\r\n\r\n") else { continue };
        if head.starts_with("POST /auth/logout HTTP/1.1\r\n") {
            let token = head.lines().find_map(|line| line.strip_prefix("authorization: Bearer "));
            return token.unwrap().to_owned();
        }
        if let Ok(body) = serde_json::from_str::<Value>(body) {
            assert!(head.starts_with("POST /auth/refresh HTTP/1.1\r\n"), "{text}");
            return body["refresh_token"].as_str().unwrap().to_owned();
        }
    }
}

fn spell(reply: &Reply) -> String {
    let (status, body) = match reply {
        Reply::HangUp => return String::new(),
        Reply::Session(session) => (200, session_answer(session)),
        Reply::NoContent => return "HTTP/1.1 204 X\r\nconnection: close\r\n\r\n".to_owned(),
        Reply::Problem(status, code) => (*status, json!({ "code": code })),
    };
    let body = body.to_string();
    let length = body.len();
    format!("HTTP/1.1 {status} X\r\nconnection: close\r\ncontent-length: {length}\r\n\r\n{body}")
}

/// An authority that cannot be reached: port 0 cannot be connected to.
pub(crate) fn unreachable() -> AuthorityUrl {
    AuthorityUrl::parse("http://127.0.0.1:0").unwrap()
}

pub(crate) async fn save(home: &TempDir, sso: &AuthorityUrl, session: Session) {
    let store = LoginStore::create(home.path()).unwrap();
    let login = SavedLogin { sso: sso.clone(), ca: None, session };
    store.lock(sso).await.unwrap().replace(&login).unwrap();
}

fn saved(home: &TempDir, sso: &AuthorityUrl) -> Session {
    LoginStore::open(home.path()).unwrap().unwrap().read(sso).unwrap().session
}

/// Lives for half an hour, renewable for eight.
pub(crate) fn usual() -> Session {
    session(1, 0, 1800, 28800)
}

async fn token_at(home: &TempDir, sso: &AuthorityUrl, now: i64) -> Result<String, CommandError> {
    let clock = StoppedClock(at(now));
    let credential = token(home.path(), Some(sso.clone()), &clock).await?;
    let credential: Value = serde_json::from_str(&credential)?;
    Ok(credential["status"]["token"].as_str().unwrap().to_owned())
}

pub(crate) async fn logged_in(
    replies: impl IntoIterator<Item = Reply>,
) -> (TempDir, FakeAuthority) {
    let (home, fake) = (tempfile::tempdir().unwrap(), FakeAuthority::start(replies).await);
    save(&home, &fake.sso, usual()).await;
    (home, fake)
}

#[tokio::test]
async fn a_lasting_token_is_printed_without_a_request() {
    let (home, fake) = logged_in([]).await;
    assert_eq!(token_at(&home, &fake.sso, 1739).await.unwrap(), usual().token.expose());
    assert!(fake.presented().is_empty());
}

#[tokio::test]
async fn a_token_that_ends_soon_is_renewed_once() {
    let next = session(2, 1740, 3540, 30540);
    let (home, fake) = logged_in([Reply::Session(next.clone().into())]).await;
    for now in [1740, 1741, 3479] {
        assert_eq!(token_at(&home, &fake.sso, now).await.unwrap(), next.token.expose());
    }
    assert_eq!(fake.presented(), [usual().refresh_token.expose()]);
    assert_eq!(saved(&home, &fake.sso), next);
}

/// The token may have expired long ago: how long the clock was wrong is unknown.
#[tokio::test]
async fn after_the_clock_was_set_back_the_token_is_renewed() {
    let next = session(2, -3600, -1800, 25200);
    let (home, fake) = logged_in([Reply::Session(next.clone().into())]).await;
    for now in [-3600, -3500] {
        assert_eq!(token_at(&home, &fake.sso, now).await.unwrap(), next.token.expose());
    }
    assert_eq!(fake.presented(), [usual().refresh_token.expose()]);
}

#[tokio::test]
async fn simultaneous_calls_renew_once() {
    let next = session(2, 1900, 3700, 30700);
    let (home, fake) = logged_in([Reply::Session(next.clone().into())]).await;
    let tokens = join_all([(); 5].map(|()| token_at(&home, &fake.sso, 1900))).await;
    assert!(tokens.iter().all(|token| token.as_ref().unwrap() == next.token.expose()));
    assert_eq!(fake.presented().len(), 1);
}

#[tokio::test]
async fn a_lost_answer_is_requested_with_the_same_token() {
    let next = session(2, 1900, 3700, 30700);
    let replies = [Reply::HangUp, Reply::Problem(503, "store_unavailable")];
    let (home, fake) =
        logged_in(replies.into_iter().chain([Reply::Session(next.clone().into())])).await;
    assert_eq!(token_at(&home, &fake.sso, 1900).await.unwrap(), next.token.expose());
    assert_eq!(fake.presented(), [usual().refresh_token.expose(); 3]);
    assert_eq!(saved(&home, &fake.sso), next);
}

#[tokio::test]
async fn a_live_token_is_printed_while_the_session_is_unknown() {
    for problem in [
        Reply::Problem(429, "refreshed_too_soon"),
        Reply::Problem(404, "not_found"),
        Reply::Problem(302, "elsewhere"),
    ] {
        let (home, fake) = logged_in([problem]).await;
        assert_eq!(token_at(&home, &fake.sso, 1799).await.unwrap(), usual().token.expose());
        assert_eq!(saved(&home, &fake.sso), usual());
    }
    let home = tempfile::tempdir().unwrap();
    save(&home, &unreachable(), usual()).await;
    assert_eq!(token_at(&home, &unreachable(), 1799).await.unwrap(), usual().token.expose());
}

#[tokio::test]
async fn an_unreachable_authority_does_not_require_a_new_log_in() {
    let home = tempfile::tempdir().unwrap();
    save(&home, &unreachable(), usual()).await;
    let said = token_at(&home, &unreachable(), 1800).await.unwrap_err().to_string();
    assert!(said.starts_with("http://127.0.0.1:0 is unavailable: "), "{said}");
    assert!(said.ends_with("you are still logged in, try again later"), "{said}");
    assert_eq!(saved(&home, &unreachable()), usual());
}

#[tokio::test]
async fn an_ended_session_names_the_command_to_log_in() {
    for (reply, now, what) in [
        (Some(Reply::Problem(401, "invalid_token")), 1740, "has ended"),
        (Some(Reply::Problem(401, "refresh_reused")), 1740, "used twice"),
        (None, 28800, "has ended"),
    ] {
        let asked = usize::from(reply.is_some());
        let (home, fake) = logged_in(reply).await;
        let said = token_at(&home, &fake.sso, now).await.unwrap_err().to_string();
        let how = format!("; run: kubectl sso login --sso {}", fake.sso);
        assert!(said.contains(what) && said.ends_with(&how), "{said}");
        assert_eq!(fake.presented().len(), asked);
    }
}

#[tokio::test]
async fn without_a_saved_log_in_the_user_has_to_log_in() {
    let home = tempfile::tempdir().unwrap();
    let check = async |expected: &str| {
        let said = token_at(&home, &unreachable(), 0).await.unwrap_err().to_string();
        let how = "; run: kubectl sso login --sso http://127.0.0.1:0";
        assert!(said.starts_with(expected) && said.ends_with(how), "{said}");
    };
    check("not logged in").await;
    let store = LoginStore::create(home.path()).unwrap();
    check("not logged in").await;
    let lock = store.lock(&unreachable()).await.unwrap();
    lock.replace_by(b"{");
    check("the saved log-in").await;
    // The file of one authority holds the log-in at another.
    let sso = AuthorityUrl::parse("http://127.0.0.1:1").unwrap();
    lock.replace(&SavedLogin { sso, ca: None, session: usual() }).unwrap();
    check("the saved log-in").await;
}

#[tokio::test]
async fn the_only_authority_is_the_default() {
    let home = tempfile::tempdir().unwrap();
    let clock = StoppedClock(at(0));
    let credential = async || token(home.path(), None, &clock).await;
    assert!(matches!(credential().await, Err(CommandError::NoLogin)));
    LoginStore::create(home.path()).unwrap();
    assert!(matches!(credential().await, Err(CommandError::NoLogin)));
    save(&home, &unreachable(), usual()).await;
    assert!(credential().await.unwrap().contains(usual().token.expose()));
    let other = AuthorityUrl::parse("https://sso.example").unwrap();
    save(&home, &other, session(2, 0, 1800, 28800)).await;
    let said = credential().await.unwrap_err().to_string();
    assert!(said.ends_with("--sso http://127.0.0.1:0, --sso https://sso.example"), "{said}");
}
