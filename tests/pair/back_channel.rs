//! Clients of OpenID Connect are told of the end of a session (Back-Channel Logout).

use std::{
    collections::BTreeSet,
    future,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use futures_util::future::join_all;
use reqwest::Method;
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;

use crate::harness::{
    Ask, Browser, LogoutReceiver, OidcClient, Pair, PrivateCa, Setup, claims, patience, until,
};

const CREDENTIALS: &str = "username=root&password=correct+horse+battery+staple";
/// The time in which a client that answers is told.
const PROMPT: Duration = Duration::from_secs(2);

/// Logs the user of a browser in to the client, and gives the ID token's claims.
async fn log_in_to(client: &OidcClient, browser: &mut Browser, pair: &Pair) -> Value {
    let tokens = client.log_in(browser, &pair.anonymous()).await;
    claims(tokens["id_token"].as_str().unwrap())
}

async fn logged_in(pair: &Pair) -> Browser {
    let mut browser = pair.browser();
    assert_eq!(browser.submit("/login", CREDENTIALS).await.status, 303);
    browser
}

/// A pair whose authority trusts the certificates of this one in calls.
fn start(ca: &PrivateCa) -> Pair {
    Setup::new().sso("SSL_CERT_FILE", &ca.file()).start()
}

#[tokio::test(flavor = "multi_thread")]
async fn clients_are_told_of_ended_sessions_within_two_seconds() {
    let ca = PrivateCa::new();
    let pair = start(&ca);
    let (receiver, other) = (LogoutReceiver::start(&ca).await, LogoutReceiver::start(&ca).await);
    let admin = pair.admin().await;
    let client = OidcClient::register(&admin, "App", Some(&receiver.uri)).await;
    OidcClient::register(&admin, "Unused", Some(&other.uri)).await;
    let mut browser = logged_in(&pair).await;
    let user = log_in_to(&client, &mut browser, &pair).await;
    let ended_at = Instant::now();
    browser.submit("/logout", "").await;
    let told = receiver.wait_for(1).await;
    let (took, claims) = (told[0].at - ended_at, told[0].claims());
    assert!(took < PROMPT, "{took:?}");
    assert_eq!((&claims["sub"], &claims["sid"]), (&user["sub"], &user["sid"]));
    assert_eq!((&claims["aud"], &claims["iss"]), (&json!(client.id), &user["iss"]));
    assert!(claims.get("nonce").is_none());

    // All sessions of a user: one call.
    let [mut one, mut two] = [logged_in(&pair).await, logged_in(&pair).await];
    log_in_to(&client, &mut one, &pair).await;
    log_in_to(&client, &mut two, &pair).await;
    let ended_at = Instant::now();
    admin.sso(Method::DELETE, "/admin/users/root/sessions").ask().await;
    let told = receiver.wait_for(2).await;
    let (took, claims) = (told[1].at - ended_at, told[1].claims());
    assert!(took < PROMPT, "{took:?}");
    assert_eq!((&claims["sub"], claims.get("sid")), (&user["sub"], None));

    // The next one comes after whatever else may have been sent.
    let mut last = logged_in(&pair).await;
    log_in_to(&client, &mut last, &pair).await;
    last.submit("/logout", "").await;
    assert_eq!(receiver.wait_for(3).await.len(), 3);
    assert!(other.received().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_that_fails_is_told_later_also_after_a_restart() {
    let ca = PrivateCa::new();
    let mut pair = start(&ca);
    let receiver = LogoutReceiver::start(&ca).await;
    let admin = pair.admin().await;
    let client = OidcClient::register(&admin, "App", Some(&receiver.uri)).await;
    // A redirect is not followed, and no success.
    for (status, restarts) in [(503, false), (302, false), (400, true)] {
        let (before, failed) = (receiver.received().len(), receiver.failures());
        receiver.answer_with(status);
        let mut browser = logged_in(&pair).await;
        let user = log_in_to(&client, &mut browser, &pair).await;
        browser.submit("/logout", "").await;
        receiver.wait_for_failure(failed).await;
        if restarts {
            pair.sso.stop();
            pair.start_sso_again();
        }
        receiver.answer_with(200);
        let told = receiver.wait_for(before + 1).await;
        assert_eq!(told[before].claims()["sid"], user["sid"], "{status}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_with_a_certificate_that_is_not_trusted_is_told_nothing() {
    let pair = start(&PrivateCa::new());
    let receiver = LogoutReceiver::start(&PrivateCa::new()).await;
    let admin = pair.admin().await;
    let client = OidcClient::register(&admin, "App", Some(&receiver.uri)).await;
    let mut browser = logged_in(&pair).await;
    log_in_to(&client, &mut browser, &pair).await;
    browser.submit("/logout", "").await;
    receiver.wait_for_failure(0).await;
    assert!(receiver.received().is_empty());
}

/// The endpoint of a client that hangs: it accepts calls and never answers.
struct SilentReceiver {
    uri: String,
    calls: Arc<AtomicUsize>,
}

/// Where it hangs.
#[derive(Clone, Copy)]
enum Silence {
    BeforeTls,
    AfterTls,
}

impl SilentReceiver {
    async fn start(ca: &PrivateCa, silence: Silence) -> Self {
        let files = ca.files("silent");
        ca.issue_into(&files);
        let tls = TlsAcceptor::from(Arc::new(files.server_config()));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let uri = format!("https://{}/logout", listener.local_addr().unwrap());
        let calls = Arc::new(AtomicUsize::new(0));
        let counted = calls.clone();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                counted.fetch_add(1, Ordering::SeqCst);
                let tls = tls.clone();
                tokio::spawn(async move {
                    match silence {
                        Silence::BeforeTls => keep(stream).await,
                        Silence::AfterTls => keep(tls.accept(stream).await).await,
                    }
                });
            }
        });
        Self { uri, calls }
    }
}

/// Keeps a connection open.
async fn keep<T>(connection: T) {
    future::pending::<()>().await;
    drop(connection);
}

#[tokio::test(flavor = "multi_thread")]
async fn clients_that_hang_hold_up_no_other_when_twenty_sessions_end_at_once() {
    const SESSIONS: usize = 20;
    let ca = PrivateCa::new();
    // With those of the test, the user has more sessions than are allowed by default.
    let setup = Setup::new().sso("SSL_CERT_FILE", &ca.file());
    let pair = setup.sso("SSO_MAX_SESSIONS_PER_USER", "50").start();
    let admin = pair.admin().await;
    let silent = [
        SilentReceiver::start(&ca, Silence::BeforeTls).await,
        SilentReceiver::start(&ca, Silence::AfterTls).await,
    ];
    let prompt = LogoutReceiver::start(&ca).await;
    let clients = [
        OidcClient::register(&admin, "Silent", Some(&silent[0].uri)).await,
        OidcClient::register(&admin, "Silent after TLS", Some(&silent[1].uri)).await,
        OidcClient::register(&admin, "Prompt", Some(&prompt.uri)).await,
    ];
    let (mut browsers, mut sessions) = (Vec::new(), BTreeSet::new());
    for _ in 0..SESSIONS {
        let mut browser = logged_in(&pair).await;
        for client in &clients {
            let user = log_in_to(client, &mut browser, &pair).await;
            sessions.insert(user["sid"].as_str().unwrap().to_owned());
        }
        browsers.push(browser);
    }
    assert_eq!(sessions.len(), SESSIONS);

    let ended_at = Instant::now();
    let ends = browsers.iter_mut().map(|browser| browser.submit("/logout", ""));
    assert!(join_all(ends).await.iter().all(|answer| answer.status == 303));
    let answered = ended_at.elapsed();
    let told = prompt.wait_for(SESSIONS).await;
    let took = told.iter().map(|told| told.at - ended_at).collect::<Vec<_>>();
    let last = took.iter().max().unwrap();
    assert!(*last < PROMPT, "sessions ended after {answered:?}, told after {took:?}");
    let sid = |claims: Value| claims["sid"].as_str().unwrap().to_owned();
    assert_eq!(told.iter().map(|told| sid(told.claims())).collect::<BTreeSet<_>>(), sessions);
    for silent in &silent {
        let called = async || Some(silent.calls.load(Ordering::SeqCst)).filter(|calls| *calls > 0);
        // It hangs for five seconds, and gets no further calls in that time.
        let calls = until("a call that hangs", patience(), called).await;
        assert!(calls <= 4, "{calls} calls");
    }
}
