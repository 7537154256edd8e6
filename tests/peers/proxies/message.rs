//! Requests by the byte, in any spelling, and their answers.

use std::net::SocketAddr;

use crate::harness::exchange;

/// A request of a client that obeys no rules.
#[derive(Debug, Clone)]
pub(super) struct Request {
    method: &'static str,
    target: String,
    connection: String,
    headers: Vec<(String, String)>,
    body: String,
}

impl Request {
    pub(super) fn new(method: &'static str, target: &str) -> Self {
        let (target, connection) = (target.to_owned(), "close".to_owned());
        Self { method, target, connection, headers: Vec::new(), body: String::new() }
    }

    pub(super) fn get(target: &str) -> Self {
        Self::new("GET", target)
    }

    pub(super) fn target(mut self, target: &str) -> Self {
        target.clone_into(&mut self.target);
        self
    }

    pub(super) fn body(mut self, body: &str) -> Self {
        body.clone_into(&mut self.body);
        self
    }

    pub(super) fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    pub(super) fn bearer(self, token: &str) -> Self {
        self.header("Authorization", &format!("Bearer {token}"))
    }

    /// Names headers that concern this connection alone.
    pub(super) fn connection(mut self, names: &str) -> Self {
        self.connection = format!("close, {names}");
        self
    }

    /// As a browser asks for a page.
    pub(super) fn by_browser(self) -> Self {
        self.header("Accept", "text/html,application/xhtml+xml,*/*;q=0.8")
    }

    pub(super) async fn send(self, address: SocketAddr) -> Message {
        Message::parse(&exchange(address, &self.bytes(address)).await)
    }

    fn bytes(&self, host: SocketAddr) -> Vec<u8> {
        let Self { method, target, connection, body, .. } = self;
        let mut text =
            format!("{method} {target} HTTP/1.1\r\nHost: {host}\r\nConnection: {connection}\r\n");
        for (name, value) in &self.headers {
            text += &format!("{name}: {value}\r\n");
        }
        if !body.is_empty() {
            text += &format!("Content-Length: {}\r\n", body.len());
        }
        format!("{text}\r\n{body}").into_bytes()
    }
}

/// An answer.
#[derive(Debug)]
pub(super) struct Message {
    pub(super) status: u16,
    /// Names in lower case.
    headers: Vec<(String, String)>,
    pub(super) body: String,
}

impl Message {
    fn parse(bytes: &[u8]) -> Self {
        let text = String::from_utf8(bytes.to_vec()).unwrap();
        let (head, body) = text.split_once("\r\n\r\n").unwrap_or_else(|| panic!("{text:?}"));
        let mut lines = head.split("\r\n");
        let status = lines.next().unwrap().split(' ').nth(1).unwrap().parse().unwrap();
        let headers = lines.map(|line| line.split_once(':').unwrap());
        let headers = headers.map(|(name, value)| (name.to_lowercase(), value.trim().to_owned()));
        Self { status, headers: headers.collect(), body: body.to_owned() }
    }

    /// All values of a header.
    pub(super) fn all(&self, name: &str) -> Vec<&str> {
        let of_name = self.headers.iter().filter(|(other, _)| other == name);
        of_name.map(|(_, value)| value.as_str()).collect()
    }

    /// The value of a header that is there at most once; empty when it is not.
    #[track_caller]
    pub(super) fn header(&self, name: &str) -> &str {
        let values = self.all(name);
        assert!(values.len() < 2, "{name}: {values:?}");
        values.first().copied().unwrap_or_default()
    }
}
