//! Raw requests, which no well-behaved client would send.

use std::{net::SocketAddr, time::Duration};

use reqwest::header::{HeaderMap, HeaderName, HeaderValue};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    time::timeout,
};

use super::{answer::Answer, wait::patience};

/// A request with this exact head.
#[derive(Debug)]
pub(crate) struct RawRequest {
    head: Vec<u8>,
}

impl RawRequest {
    pub(crate) fn new(method: &str, target: &str) -> Self {
        let head = format!("{method} {target} HTTP/1.1\r\nhost: gateway\r\nconnection: close\r\n");
        Self { head: head.into_bytes() }
    }

    pub(crate) fn header(mut self, name: &str, value: impl AsRef<[u8]>) -> Self {
        self.head.extend_from_slice(format!("{name}: ").as_bytes());
        self.head.extend_from_slice(value.as_ref());
        self.head.extend_from_slice(b"\r\n");
        self
    }

    pub(crate) fn bearer(self, token: &str) -> Self {
        self.header("authorization", format!("Bearer {token}"))
    }

    pub(crate) fn without_body(mut self) -> Vec<u8> {
        self.head.extend_from_slice(b"\r\n");
        self.head
    }

    /// With a form for its body.
    pub(crate) fn with_form(self, form: &str) -> Vec<u8> {
        let request = self.header("content-type", "application/x-www-form-urlencoded");
        let mut request = request.header("content-length", form.len().to_string()).without_body();
        request.extend_from_slice(form.as_bytes());
        request
    }

    pub(crate) async fn send(self, address: SocketAddr) -> Answer {
        Answer::to(address, &self.without_body()).await
    }
}

impl Answer {
    /// The answer to raw bytes.
    pub(crate) async fn to(address: SocketAddr, request: &[u8]) -> Self {
        let answer = exchange(address, request).await;
        parse(&answer).unwrap_or_else(|| panic!("{}", String::from_utf8_lossy(&answer))).checked()
    }

    /// The answer to raw bytes; `None` if the connection is closed without one.
    pub(crate) async fn if_any(address: SocketAddr, request: &[u8]) -> Option<Self> {
        let answer = exchange(address, request).await;
        (!answer.is_empty()).then(|| {
            let text = || String::from_utf8_lossy(&answer).into_owned();
            parse(&answer).unwrap_or_else(|| panic!("{}", text())).checked()
        })
    }
}

/// Sends bytes and reads until the other side closes the connection.
pub(crate) async fn exchange(address: SocketAddr, request: &[u8]) -> Vec<u8> {
    let talk = async {
        let mut stream = TcpStream::connect(address).await.unwrap();
        stream.write_all(request).await.unwrap();
        let mut answer = Vec::new();
        // The bytes read before a reset count as the answer.
        let _ = stream.read_to_end(&mut answer).await;
        answer
    };
    let bound: Duration = patience();
    timeout(bound, talk).await.unwrap_or_else(|_| panic!("no end of the answer in {bound:?}"))
}

fn parse(answer: &[u8]) -> Option<Answer> {
    let end = answer.windows(4).position(|window| window == b"\r\n\r\n")?;
    let head = std::str::from_utf8(&answer[..end]).ok()?;
    let mut lines = head.split("\r\n");
    let status = lines.next()?.split(' ').nth(1)?.parse().ok()?;
    let mut headers = HeaderMap::new();
    for line in lines {
        let (name, value) = line.split_once(':')?;
        let name = HeaderName::from_bytes(name.as_bytes()).ok()?;
        headers.append(name, HeaderValue::from_str(value.trim()).ok()?);
    }
    let body = answer[end + 4..].to_vec();
    assert!(!headers.contains_key("transfer-encoding"), "only whole bodies are read here");
    Some(Answer { status, headers, body })
}
