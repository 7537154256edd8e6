//! An answer of a service, with the rules for every answer.

use reqwest::{
    RequestBuilder,
    header::{CONTENT_TYPE, HeaderMap},
};
use serde_json::Value;

/// A whole answer. On arrival it was checked to have a request id and, if it is an error, to be a
/// problem of the agreed form with the same id.
#[derive(Debug, Clone)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Vec<u8>,
}

/// Sends a request and reads the answer.
pub(crate) trait Ask {
    async fn ask(self) -> Answer;

    /// Sends a request to a service that may die meanwhile: `None` without a whole answer.
    async fn try_to_ask(self) -> Option<Answer>;
}

impl Ask for RequestBuilder {
    async fn ask(self) -> Answer {
        read(self).await.unwrap()
    }

    async fn try_to_ask(self) -> Option<Answer> {
        read(self).await.ok()
    }
}

async fn read(request: RequestBuilder) -> reqwest::Result<Answer> {
    let response = request.send().await?;
    let (status, headers) = (response.status().as_u16(), response.headers().clone());
    let body = response.bytes().await?.into();
    Ok(Answer { status, headers, body }.checked())
}

/// The status and the object of an answer of the Kubernetes API.
pub(crate) async fn ask_kubernetes(request: RequestBuilder) -> (u16, Value) {
    let response = request.send().await.unwrap();
    (response.status().as_u16(), response.json().await.unwrap())
}

/// Whether a record of a log tells of pods, or of the reading itself. A line has its pod's name in
/// `pod`.
pub(crate) fn is_about_reading(record: &Value) -> bool {
    record["pod"].is_object() || ["live", "progress"].iter().any(|name| record.get(name).is_some())
}

impl Answer {
    /// # Panics
    /// When it breaks a rule for every answer.
    pub(super) fn checked(self) -> Self {
        assert!((1..=128).contains(&self.request_id().len()), "{self:?}");
        if self.status >= 400 && !self.body.is_empty() {
            self.check_problem();
        }
        self
    }

    /// The objects of an NDJSON log: lines, gaps and the end. What is told of pods and of the reading
    /// itself is left out.
    pub(crate) fn log_objects(&self) -> Vec<Value> {
        let records = self.log_records();
        records.into_iter().filter(|record| !is_about_reading(record)).collect()
    }

    /// The records of an NDJSON log.
    pub(crate) fn log_records(&self) -> Vec<Value> {
        self.text().lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }

    /// Checks an error page.
    fn check_problem(&self) {
        assert_eq!(self.header("cache-control"), "no-store", "{self:?}");
        if self.header(CONTENT_TYPE.as_str()).starts_with("text/html") {
            return;
        }
        let problem = self.json();
        assert_eq!(self.header(CONTENT_TYPE.as_str()), "application/problem+json", "{self:?}");
        assert_eq!(problem["status"], self.status, "{problem}");
        assert_eq!(problem["request_id"], self.request_id(), "{problem}");
        for field in ["type", "title", "detail", "code"] {
            assert!(problem[field].is_string(), "{field}: {problem}");
        }
    }

    pub(crate) fn request_id(&self) -> &str {
        self.header("x-request-id")
    }

    /// The value of a header that must be there once.
    pub(crate) fn header(&self, name: &str) -> &str {
        let mut values = self.headers.get_all(name).iter();
        let value = values.next().unwrap_or_else(|| panic!("no {name}: {self:?}"));
        assert!(values.next().is_none(), "{name} is there twice: {self:?}");
        value.to_str().unwrap()
    }

    /// The warning about an incomplete list.
    pub(crate) fn warning(&self) -> Option<&str> {
        self.headers.get("warning").map(|value| value.to_str().unwrap())
    }

    pub(crate) fn challenge(&self) -> Option<&str> {
        self.headers.get("www-authenticate").map(|value| value.to_str().unwrap())
    }

    /// The body as text, of an answer that must be a success.
    #[track_caller]
    pub(crate) fn text(&self) -> &str {
        assert_eq!(self.status, 200, "{}", String::from_utf8_lossy(&self.body));
        std::str::from_utf8(&self.body).unwrap()
    }

    #[track_caller]
    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body)
            .unwrap_or_else(|error| panic!("{error}: {}", String::from_utf8_lossy(&self.body)))
    }

    /// The log in a JSON answer, which must be a success.
    #[track_caller]
    pub(crate) fn log(&self) -> String {
        assert_eq!(self.status, 200, "{}", String::from_utf8_lossy(&self.body));
        self.json()["logs"].as_str().unwrap().to_owned()
    }

    /// The body of a page, whatever its status.
    #[track_caller]
    pub(crate) fn page(&self) -> &str {
        assert_eq!(self.header(CONTENT_TYPE.as_str()), "text/html; charset=utf-8", "{self:?}");
        std::str::from_utf8(&self.body).unwrap()
    }

    /// Status and code of an error.
    #[track_caller]
    pub(crate) fn problem(&self) -> (u16, String) {
        let problem = self.json();
        (self.status, problem["code"].as_str().unwrap_or_else(|| panic!("{problem}")).to_owned())
    }

    /// # Panics
    /// When it is another error, or none.
    #[track_caller]
    pub(crate) fn check_problem_is(&self, status: u16, code: &str) {
        assert_eq!(self.problem(), (status, code.to_owned()), "{}", self.json());
    }

    /// The comparable part of an answer: all but the id of the request and the time of day. `name`,
    /// the requested name, is replaced.
    pub(crate) fn likeness(&self, name: &str) -> (u16, Vec<String>, String) {
        let mut headers: Vec<String> = self
            .headers
            .iter()
            .filter(|(header, _)| !matches!(header.as_str(), "x-request-id" | "date"))
            .map(|(header, value)| format!("{header}: {}", value.to_str().unwrap()))
            .map(|header| header.replace(name, "NAME"))
            .collect();
        headers.sort();
        let body = String::from_utf8_lossy(&self.body).replace(self.request_id(), "ID");
        (self.status, headers, body.replace(name, "NAME"))
    }
}
