//! Clients of OpenID Connect are told of the end of a session (Back-Channel Logout).

use std::{
    sync::{
        Arc, Mutex,
        atomic::{AtomicU16, AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use reqwest::Method;
use serde_json::{Value, json};
use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWriteExt},
    net::TcpListener,
};
use tokio_rustls::TlsAcceptor;

use crate::harness::{Ask, Browser, Caller, Pair, PrivateCa, Setup, patience, until};

const CALLBACK: &str = "https://app.example.org/callback";
const CREDENTIALS: &str = "username=root&password=correct+horse+battery+staple";
/// Appendix B of RFC 7636.
const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";

/// A client's endpoint over https.
#[derive(Clone)]
struct Receiver {
    uri: String,
    /// The claims of the logout tokens, and when they came.
    received: Arc<Mutex<Vec<(Instant, Value)>>>,
    /// The status of its answers.
    status: Arc<AtomicU16>,
    /// How often it was called in vain.
    failed: Arc<AtomicUsize>,
}

impl Receiver {
    async fn start(ca: &PrivateCa) -> Self {
        let files = ca.files("receiver");
        ca.issue_into(&files);
        let tls = TlsAcceptor::from(Arc::new(files.server_config()));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let uri = format!("https://{}/logout", listener.local_addr().unwrap());
        let receiver = Self {
            uri,
            received: Arc::default(),
            status: Arc::new(AtomicU16::new(200)),
            failed: Arc::default(),
        };
        tokio::spawn(receiver.clone().receive(listener, tls));
        receiver
    }

    async fn receive(self, listener: TcpListener, tls: TlsAcceptor) {
        while let Ok((stream, _)) = listener.accept().await {
            let Ok(mut stream) = tls.accept(stream).await else {
                self.failed.fetch_add(1, Ordering::SeqCst);
                continue;
            };
            let Some(claims) = read_claims(&mut stream).await else { continue };
            let status = self.status.load(Ordering::SeqCst);
            // It must not go there.
            let answer = format!(
                "HTTP/1.1 {status} X\r\nlocation: {}\r\ncontent-length: 0\r\n\
                 connection: close\r\n\r\n",
                self.uri
            );
            let _ = stream.write_all(answer.as_bytes()).await;
            let _ = stream.shutdown().await;
            if status == 200 {
                self.received.lock().unwrap().push((Instant::now(), claims));
            } else {
                self.failed.fetch_add(1, Ordering::SeqCst);
            }
        }
    }

    async fn wait_for(&self, count: usize) -> Vec<(Instant, Value)> {
        let enough = async || Some(()).filter(|()| self.received.lock().unwrap().len() >= count);
        // It is tried again after two, four and eight seconds, or half a minute after a restart.
        until("logout tokens", Duration::from_secs(60), enough).await;
        self.received.lock().unwrap().clone()
    }

    async fn wait_for_failure(&self, before: usize) {
        let failed = async || Some(()).filter(|()| self.failed.load(Ordering::SeqCst) > before);
        until("a call", patience(), failed).await;
    }
}

async fn read_claims(stream: &mut (impl AsyncRead + Unpin)) -> Option<Value> {
    let mut request = Vec::new();
    while stream.read_buf(&mut request).await.unwrap_or(0) > 0 {
        if let Some(claims) = claims(&request) {
            return Some(claims);
        }
    }
    None
}

/// The claims of the logout token in a complete request.
fn claims(request: &[u8]) -> Option<Value> {
    let text = std::str::from_utf8(request).ok()?;
    let (head, body) = text.split_once("\r\n\r\n")?;
    assert!(head.starts_with("POST /logout HTTP/1.1\r\n"), "{head}");
    let token = body.strip_prefix("logout_token=")?;
    let mut parts = token.split('.');
    let payload = BASE64_URL_SAFE_NO_PAD.decode(parts.nth(1)?).ok()?;
    parts.next().filter(|signature| signature.len() == 86)?;
    serde_json::from_slice(&payload).ok()
}

struct Client {
    id: String,
    secret: String,
}

async fn register(admin: &Caller, name: &str, uri: &str) -> Client {
    let body = json!({
        "name": name, "redirect_uris": [CALLBACK], "backchannel_logout_uri": uri,
    });
    let created = admin.sso(Method::POST, "/admin/clients").json(&body).ask().await;
    assert_eq!(created.status, 201, "{}", created.text());
    let text = |member: &str| created.json()[member].as_str().unwrap().to_owned();
    Client { id: text("client_id"), secret: text("client_secret") }
}

/// Logs the user of a browser in to the client, and gives the ID token's claims.
async fn log_in_to(client: &Client, browser: &mut Browser, pair: &Pair) -> Value {
    let query = format!(
        "/oauth/authorize?response_type=code&client_id={}&redirect_uri={CALLBACK}&scope=openid\
         &code_challenge={CHALLENGE}&code_challenge_method=S256",
        client.id
    );
    let answer = browser.open(&query).await;
    let location = answer.header("location").to_owned();
    let (_, code) = location.split_once("code=").unwrap_or_else(|| panic!("{answer:?}"));
    let code = code.split('&').next().unwrap();
    let form = [
        ("grant_type", "authorization_code"),
        ("client_id", &client.id),
        ("client_secret", &client.secret),
        ("code", code),
        ("redirect_uri", CALLBACK),
        ("code_verifier", VERIFIER),
    ];
    let tokens = pair.anonymous().post_form("/oauth/token", &form).await;
    assert_eq!(tokens.status, 200, "{}", tokens.text());
    let tokens = tokens.json();
    let payload = tokens["id_token"].as_str().unwrap().split('.').nth(1).unwrap().to_owned();
    serde_json::from_slice(&BASE64_URL_SAFE_NO_PAD.decode(payload).unwrap()).unwrap()
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
    let (receiver, other) = (Receiver::start(&ca).await, Receiver::start(&ca).await);
    let admin = pair.admin().await;
    let client = register(&admin, "App", &receiver.uri).await;
    register(&admin, "Unused", &other.uri).await;
    let mut browser = logged_in(&pair).await;
    let user = log_in_to(&client, &mut browser, &pair).await;
    let ended_at = Instant::now();
    browser.submit("/logout", "").await;
    let told = receiver.wait_for(1).await;
    let (at, claims) = &told[0];
    assert!(*at - ended_at < Duration::from_secs(2), "{:?}", *at - ended_at);
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
    let (at, claims) = &told[1];
    assert!(*at - ended_at < Duration::from_secs(2), "{:?}", *at - ended_at);
    assert_eq!((&claims["sub"], claims.get("sid")), (&user["sub"], None));

    // The next one comes after whatever else may have been sent.
    let mut last = logged_in(&pair).await;
    log_in_to(&client, &mut last, &pair).await;
    last.submit("/logout", "").await;
    assert_eq!(receiver.wait_for(3).await.len(), 3);
    assert!(other.received.lock().unwrap().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_that_fails_is_told_later_also_after_a_restart() {
    let ca = PrivateCa::new();
    let mut pair = start(&ca);
    let receiver = Receiver::start(&ca).await;
    let admin = pair.admin().await;
    let client = register(&admin, "App", &receiver.uri).await;
    // A redirect is not followed, and no success.
    for (status, restarts) in [(503, false), (302, false), (400, true)] {
        let before = receiver.received.lock().unwrap().len();
        let failed = receiver.failed.load(Ordering::SeqCst);
        receiver.status.store(status, Ordering::SeqCst);
        let mut browser = logged_in(&pair).await;
        let user = log_in_to(&client, &mut browser, &pair).await;
        browser.submit("/logout", "").await;
        receiver.wait_for_failure(failed).await;
        if restarts {
            pair.sso.stop();
            pair.start_sso_again();
        }
        receiver.status.store(200, Ordering::SeqCst);
        let told = receiver.wait_for(before + 1).await;
        assert_eq!(told[before].1["sid"], user["sid"], "{status}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_with_a_certificate_that_is_not_trusted_is_told_nothing() {
    let pair = start(&PrivateCa::new());
    let receiver = Receiver::start(&PrivateCa::new()).await;
    let admin = pair.admin().await;
    let client = register(&admin, "App", &receiver.uri).await;
    let mut browser = logged_in(&pair).await;
    log_in_to(&client, &mut browser, &pair).await;
    browser.submit("/logout", "").await;
    receiver.wait_for_failure(0).await;
    assert!(receiver.received.lock().unwrap().is_empty());
}
