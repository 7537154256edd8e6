//! A client's endpoint for back-channel log-outs.

use std::{
    sync::{
        Arc, Mutex,
        atomic::{AtomicU16, AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use serde_json::Value;
use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWriteExt},
    net::TcpListener,
};
use tokio_rustls::TlsAcceptor;

use super::{
    oidc_client::claims,
    tls::PrivateCa,
    wait::{patience, until},
};

/// A logout token that was received.
#[derive(Debug, Clone)]
pub(crate) struct ReceivedLogout {
    pub(crate) at: Instant,
    pub(crate) token: String,
}

impl ReceivedLogout {
    /// The claims. The signature is not verified.
    pub(crate) fn claims(&self) -> Value {
        claims(&self.token)
    }
}

/// The endpoint, over https.
#[derive(Debug, Clone)]
pub(crate) struct LogoutReceiver {
    pub(crate) uri: String,
    received: Arc<Mutex<Vec<ReceivedLogout>>>,
    status: Arc<AtomicU16>,
    failed: Arc<AtomicUsize>,
}

impl LogoutReceiver {
    pub(crate) async fn start(ca: &PrivateCa) -> Self {
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

    /// Gives its answers this status from now on.
    pub(crate) fn answer_with(&self, status: u16) {
        self.status.store(status, Ordering::SeqCst);
    }

    /// How often it was called in vain.
    pub(crate) fn failures(&self) -> usize {
        self.failed.load(Ordering::SeqCst)
    }

    /// What it has received so far, with success.
    pub(crate) fn received(&self) -> Vec<ReceivedLogout> {
        self.received.lock().unwrap().clone()
    }

    /// What it has received, once it is so much.
    pub(crate) async fn wait_for(&self, count: usize) -> Vec<ReceivedLogout> {
        let enough = async || Some(()).filter(|()| self.received.lock().unwrap().len() >= count);
        // It is tried again after two, four and eight seconds, or half a minute after a restart.
        until("logout tokens", Duration::from_secs(60), enough).await;
        self.received()
    }

    pub(crate) async fn wait_for_failure(&self, before: usize) {
        let failed = async || Some(()).filter(|()| self.failures() > before);
        until("a call", patience(), failed).await;
    }

    async fn receive(self, listener: TcpListener, tls: TlsAcceptor) {
        while let Ok((stream, _)) = listener.accept().await {
            let Ok(mut stream) = tls.accept(stream).await else {
                self.failed.fetch_add(1, Ordering::SeqCst);
                continue;
            };
            let Some(token) = read_token(&mut stream).await else { continue };
            let received = ReceivedLogout { at: Instant::now(), token };
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
                self.received.lock().unwrap().push(received);
            } else {
                self.failed.fetch_add(1, Ordering::SeqCst);
            }
        }
    }
}

async fn read_token(stream: &mut (impl AsyncRead + Unpin)) -> Option<String> {
    let mut request = Vec::new();
    while stream.read_buf(&mut request).await.unwrap_or(0) > 0 {
        if let Some(found) = logout_token(&request) {
            return Some(found);
        }
    }
    None
}

/// The logout token in a complete request.
fn logout_token(request: &[u8]) -> Option<String> {
    let text = std::str::from_utf8(request).ok()?;
    let (head, body) = text.split_once("\r\n\r\n")?;
    assert!(head.starts_with("POST /logout HTTP/1.1\r\n"), "{head}");
    let token = body.strip_prefix("logout_token=")?;
    // With the whole signature of ES256.
    let signature = token.split('.').nth(2)?;
    (signature.len() == 86).then(|| token.to_owned())
}
