//! A client of logs over a WebSocket.

use futures_util::StreamExt;
use reqwest::{Method, RequestBuilder, Response, Upgraded};
use serde_json::Value;
use tokio::time::timeout;
use tokio_tungstenite::{
    WebSocketStream,
    tungstenite::{
        Message,
        protocol::{CloseFrame, Role, frame::coding::CloseCode},
    },
};

use crate::harness::{Caller, patience};

/// A request for a WebSocket, with the nonce that RFC 6455 §1.3 shows.
pub(crate) fn request(caller: &Caller, path: &str, protocols: &[&str]) -> RequestBuilder {
    let request = caller
        .gateway(Method::GET, path)
        .header("connection", "Upgrade")
        .header("upgrade", "websocket")
        .header("sec-websocket-version", "13")
        .header("sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQ==");
    match protocols {
        [] => request,
        protocols => request.header("sec-websocket-protocol", protocols.join(", ")),
    }
}

pub(crate) async fn ask(caller: &Caller, path: &str, protocols: &[&str]) -> Response {
    timeout(patience(), request(caller, path, protocols).send()).await.unwrap().unwrap()
}

/// Status, reason and message of a refusal as a Kubernetes `Status`.
pub(crate) async fn refused(response: Response) -> (u16, String, String) {
    let code = response.status().as_u16();
    assert_eq!(response.headers()["content-type"], "application/json");
    let status: Value = serde_json::from_slice(&response.bytes().await.unwrap()).unwrap();
    assert_eq!((&status["kind"], &status["code"]), (&"Status".into(), &code.into()));
    let word = |name: &str| status[name].as_str().unwrap().to_owned();
    (code, word("reason"), word("message"))
}

/// A log that is being read.
pub(crate) struct Socket(pub(crate) WebSocketStream<Upgraded>);

impl Socket {
    /// Checks that the first message is empty.
    pub(crate) async fn open(caller: &Caller, path: &str, protocols: &[&str]) -> Self {
        let mut socket = Self::of(ask(caller, path, protocols).await).await;
        assert!(socket.message().await.into_data().is_empty());
        socket
    }

    pub(crate) async fn of(response: Response) -> Self {
        assert_eq!(response.status(), 101);
        let headers = response.headers();
        assert_eq!(headers["sec-websocket-accept"], "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
        assert_eq!(headers["upgrade"], "websocket");
        assert!(headers.contains_key("x-request-id"), "{headers:?}");
        assert!(!headers.contains_key("transfer-encoding"), "{headers:?}");
        let upgraded = response.upgrade().await.unwrap();
        Self(WebSocketStream::from_raw_socket(upgraded, Role::Client, None).await)
    }

    pub(crate) async fn try_message(&mut self) -> Option<Message> {
        timeout(patience(), self.0.next()).await.unwrap()?.ok()
    }

    pub(crate) async fn message(&mut self) -> Message {
        self.try_message().await.unwrap()
    }

    /// Reads until this text has arrived.
    pub(crate) async fn expect(&mut self, text: &str) {
        let mut read = Vec::new();
        while read.len() < text.len() {
            read.extend_from_slice(&self.message().await.into_data());
        }
        assert_eq!(String::from_utf8_lossy(&read), text);
    }

    /// The rest of the log, and its close frame.
    pub(crate) async fn rest(mut self) -> (Vec<Message>, Option<CloseFrame>) {
        let mut messages = Vec::new();
        loop {
            match self.message().await {
                Message::Close(frame) => {
                    // After the answer to the close frame the connection ends.
                    assert!(self.try_message().await.is_none());
                    return (messages, frame);
                }
                message => messages.push(message),
            }
        }
    }

    /// The rest of the log, which must be in binary messages.
    pub(crate) async fn whole(self) -> Vec<u8> {
        let (messages, end) = self.rest().await;
        assert_eq!(end.unwrap().code, CloseCode::Normal);
        assert!(messages.iter().all(Message::is_binary));
        messages.into_iter().flat_map(Message::into_data).collect()
    }

    pub(crate) async fn check_end_is(self, code: CloseCode, reason: &str) {
        let (messages, end) = self.rest().await;
        assert_eq!(messages, []);
        let end = end.unwrap();
        assert_eq!((end.code, &*end.reason), (code, &*format!("the log ended early: {reason}")));
    }
}
