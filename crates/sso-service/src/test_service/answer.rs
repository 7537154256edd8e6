//! An answer of the service.

use actix_web::http::{StatusCode, header::HeaderMap};
use serde_json::Value;

/// The answer to a request.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(super) headers: HeaderMap,
    /// `Null` when there is none.
    pub(crate) body: Value,
    /// The body as text.
    pub(crate) text: String,
}

impl Answer {
    /// Status and problem code, or at `/oauth` the error.
    pub(crate) fn problem(&self) -> (u16, &str) {
        let code = self.body["code"].as_str().or(self.body["error"].as_str()).unwrap_or_default();
        (self.status.as_u16(), code)
    }

    /// All values of a header.
    pub(crate) fn all(&self, name: &str) -> Vec<&str> {
        self.headers.get_all(name).map(|value| value.to_str().unwrap()).collect()
    }

    /// Whether the header is there, also when it is empty.
    pub(crate) fn has(&self, name: &str) -> bool {
        self.headers.contains_key(name)
    }

    /// A header; empty if it is missing.
    pub(crate) fn header(&self, name: &str) -> &str {
        let value = self.headers.get(name).map(|value| value.to_str().unwrap());
        value.unwrap_or_default()
    }

    /// The value that a cookie is given.
    pub(crate) fn cookie(&self, name: &str) -> Option<String> {
        let lines = self.headers.get_all("set-cookie").map(|line| line.to_str().unwrap());
        let pairs = lines.filter_map(|line| line.split(';').next()?.split_once('='));
        let mut values = pairs.filter(|pair| pair.0 == name).map(|pair| pair.1.to_owned());
        values.next()
    }
}
