use std::{
    collections::VecDeque,
    sync::{Arc, Mutex},
};

use futures_util::future::join_all;
use serde_json::{Value, json};
use service_runtime::clock::ManualClock;
use tempfile::TempDir;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
};

use super::{
    super::{
        answer::tests::answer,
        session::tests::{at, session},
    },
    *,
};

/// What the authority does with one request.
enum Reply {
    Session(Session),
    Problem(u16, &'static str),
    /// It reads what is asked, and is gone.
    HangUp,
}

/// An authority that answers in a given order, and hangs up when it has nothing left to say.
struct FakeAuthority {
    sso: SsoUrl,
    /// The refresh tokens that it was shown.
    shown: Arc<Mutex<Vec<String>>>,
}

impl FakeAuthority {
    async fn start(replies: impl IntoIterator<Item = Reply>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let sso = format!("http://{}", listener.local_addr().unwrap());
        let fake = Self { sso: SsoUrl::parse(&sso).unwrap(), shown: Arc::default() };
        let (shown, mut replies) = (fake.shown.clone(), VecDeque::from_iter(replies));
        tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                let body = read_body(&mut stream).await;
                shown.lock().unwrap().push(body["refresh_token"].as_str().unwrap().to_owned());
                let reply = replies.pop_front().unwrap_or(Reply::HangUp);
                let _ = stream.write_all(spell(&reply).as_bytes()).await;
            }
        });
        fake
    }

    fn shown(&self) -> Vec<String> {
        self.shown.lock().unwrap().clone()
    }
}

async fn read_body(stream: &mut TcpStream) -> Value {
    let mut request = Vec::new();
    loop {
        assert!(stream.read_buf(&mut request).await.unwrap() > 0);
        let text = String::from_utf8_lossy(&request);
        if let Some((_, body)) = text.split_once("\r\n\r\n")
            && let Ok(body) = serde_json::from_str(body)
        {
            assert!(text.starts_with("POST /auth/refresh HTTP/1.1\r\n"), "{text}");
            return body;
        }
    }
}

fn spell(reply: &Reply) -> String {
    let (status, body) = match reply {
        Reply::HangUp => return String::new(),
        Reply::Session(session) => (200, answer(session)),
        Reply::Problem(status, code) => (*status, json!({ "code": code })),
    };
    let body = body.to_string();
    let length = body.len();
    format!("HTTP/1.1 {status} X\r\nconnection: close\r\ncontent-length: {length}\r\n\r\n{body}")
}

/// Nobody listens there: port 0 cannot be connected to.
fn nobody() -> SsoUrl {
    SsoUrl::parse("http://127.0.0.1:0").unwrap()
}

async fn keep(home: &TempDir, sso: &SsoUrl, session: Session) {
    let directory = StateDirectory::create(home.path()).unwrap();
    let kept = Kept { sso: sso.clone(), ca: None, session };
    let lock = directory.lock(&sso.hash()).await.unwrap();
    lock.replace(&kept.to_json().unwrap()).unwrap();
}

fn kept(home: &TempDir, sso: &SsoUrl) -> Session {
    read(&StateDirectory::open(home.path()).unwrap().unwrap(), sso).unwrap().session
}

/// Good for half an hour, and to be renewed for eight.
fn usual() -> Session {
    session(1, 0, 1800, 28800)
}

async fn token_at(home: &TempDir, sso: &SsoUrl, now: i64) -> Result<String, Failure> {
    let clock = ManualClock::at(at(now));
    let credential = kube_token(home.path(), Some(sso.clone()), &clock).await?;
    let credential: Value = serde_json::from_str(&credential)?;
    Ok(credential["status"]["token"].as_str().unwrap().to_owned())
}

async fn logged_in(replies: impl IntoIterator<Item = Reply>) -> (TempDir, FakeAuthority) {
    let (home, fake) = (tempfile::tempdir().unwrap(), FakeAuthority::start(replies).await);
    keep(&home, &fake.sso, usual()).await;
    (home, fake)
}

#[tokio::test]
async fn a_token_that_lasts_is_given_without_asking_anybody() {
    let (home, fake) = logged_in([]).await;
    assert_eq!(token_at(&home, &fake.sso, 1739).await.unwrap(), usual().token.expose());
    assert!(fake.shown().is_empty());
}

#[tokio::test]
async fn a_token_that_ends_soon_is_renewed_once() {
    let next = session(2, 1740, 3540, 30540);
    let (home, fake) = logged_in([Reply::Session(next.clone())]).await;
    for now in [1740, 1741, 3479] {
        assert_eq!(token_at(&home, &fake.sso, now).await.unwrap(), next.token.expose());
    }
    assert_eq!(fake.shown(), [usual().refresh_token.expose()]);
    assert_eq!(kept(&home, &fake.sso), next);
}

/// The token may have died long ago: how long the clock was wrong is not known.
#[tokio::test]
async fn after_the_clock_ran_back_the_token_is_renewed() {
    let next = session(2, -3600, -1800, 25200);
    let (home, fake) = logged_in([Reply::Session(next.clone())]).await;
    for now in [-3600, -3500] {
        assert_eq!(token_at(&home, &fake.sso, now).await.unwrap(), next.token.expose());
    }
    assert_eq!(fake.shown(), [usual().refresh_token.expose()]);
}

#[tokio::test]
async fn several_at_a_time_renew_once() {
    let next = session(2, 1900, 3700, 30700);
    let (home, fake) = logged_in([Reply::Session(next.clone())]).await;
    let tokens = join_all([(); 5].map(|()| token_at(&home, &fake.sso, 1900))).await;
    assert!(tokens.iter().all(|token| token.as_ref().unwrap() == next.token.expose()));
    assert_eq!(fake.shown().len(), 1);
}

#[tokio::test]
async fn an_answer_that_got_lost_is_asked_for_with_the_same_token() {
    let next = session(2, 1900, 3700, 30700);
    let replies = [Reply::HangUp, Reply::Problem(503, "store_unavailable")];
    let (home, fake) = logged_in(replies.into_iter().chain([Reply::Session(next.clone())])).await;
    assert_eq!(token_at(&home, &fake.sso, 1900).await.unwrap(), next.token.expose());
    assert_eq!(fake.shown(), [usual().refresh_token.expose(); 3]);
    assert_eq!(kept(&home, &fake.sso), next);
}

#[tokio::test]
async fn while_nothing_can_be_told_a_live_token_is_given() {
    for problem in [
        Reply::Problem(429, "refreshed_too_soon"),
        Reply::Problem(404, "not_found"),
        Reply::Problem(302, "elsewhere"),
    ] {
        let (home, fake) = logged_in([problem]).await;
        assert_eq!(token_at(&home, &fake.sso, 1799).await.unwrap(), usual().token.expose());
        assert_eq!(kept(&home, &fake.sso), usual());
    }
    let home = tempfile::tempdir().unwrap();
    keep(&home, &nobody(), usual()).await;
    assert_eq!(token_at(&home, &nobody(), 1799).await.unwrap(), usual().token.expose());
}

#[tokio::test]
async fn an_authority_that_cannot_be_asked_is_no_reason_to_log_in_again() {
    let home = tempfile::tempdir().unwrap();
    keep(&home, &nobody(), usual()).await;
    let said = token_at(&home, &nobody(), 1800).await.unwrap_err().to_string();
    assert!(said.starts_with("http://127.0.0.1:0 cannot be asked right now: "), "{said}");
    assert!(said.ends_with("you are still logged in, try again later"), "{said}");
    assert_eq!(kept(&home, &nobody()), usual());
}

#[tokio::test]
async fn who_has_to_log_in_is_told_how() {
    for (reply, now, what) in [
        (Some(Reply::Problem(401, "invalid_token")), 1740, "is over"),
        (Some(Reply::Problem(401, "refresh_reused")), 1740, "used twice"),
        (None, 28800, "is over"),
    ] {
        let asked = usize::from(reply.is_some());
        let (home, fake) = logged_in(reply).await;
        let said = token_at(&home, &fake.sso, now).await.unwrap_err().to_string();
        let how = format!("; run: logs-gateway login --sso {}", fake.sso);
        assert!(said.contains(what) && said.ends_with(&how), "{said}");
        assert_eq!(fake.shown().len(), asked);
    }
}

#[tokio::test]
async fn without_a_state_there_is_nobody_to_be() {
    let home = tempfile::tempdir().unwrap();
    let check = async |expected: &str| {
        let said = token_at(&home, &nobody(), 0).await.unwrap_err().to_string();
        let how = "; run: logs-gateway login --sso http://127.0.0.1:0";
        assert!(said.starts_with(expected) && said.ends_with(how), "{said}");
    };
    check("not logged in").await;
    let directory = StateDirectory::create(home.path()).unwrap();
    check("not logged in").await;
    let lock = directory.lock(&nobody().hash()).await.unwrap();
    for other in [b"{".to_vec(), of_another_authority()] {
        lock.replace(&other).unwrap();
        check("what is kept").await;
    }
}

/// It has got a name that is not its own.
fn of_another_authority() -> Vec<u8> {
    let sso = SsoUrl::parse("http://127.0.0.1:1").unwrap();
    Kept { sso, ca: None, session: usual() }.to_json().unwrap().to_vec()
}

#[tokio::test]
async fn the_authority_need_not_be_named_when_there_is_one() {
    let home = tempfile::tempdir().unwrap();
    let clock = ManualClock::at(at(0));
    let credential = async || kube_token(home.path(), None, &clock).await;
    assert!(matches!(credential().await, Err(Failure::NowhereLoggedIn)));
    StateDirectory::create(home.path()).unwrap();
    assert!(matches!(credential().await, Err(Failure::NowhereLoggedIn)));
    keep(&home, &nobody(), usual()).await;
    assert!(credential().await.unwrap().contains(usual().token.expose()));
    let other = SsoUrl::parse("https://sso.example").unwrap();
    keep(&home, &other, session(2, 0, 1800, 28800)).await;
    let said = credential().await.unwrap_err().to_string();
    assert!(said.ends_with("--sso http://127.0.0.1:0, --sso https://sso.example"), "{said}");
}
