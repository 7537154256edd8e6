//! A user with a browser: it keeps cookies, sends the origin of requests, and follows no redirect
//! by itself.

use std::collections::BTreeMap;

use reqwest::{
    Method, RequestBuilder,
    header::{CONTENT_TYPE, SET_COOKIE},
};

use super::{
    answer::{Answer, Ask},
    caller::Caller,
    secrets::Secrets,
};

/// A browser on the pages of the authority.
#[derive(Debug)]
pub(crate) struct Browser {
    caller: Caller,
    secrets: Secrets,
    /// Value and path by name.
    cookies: BTreeMap<String, (String, String)>,
}

impl Browser {
    pub(super) fn new(caller: Caller, secrets: &Secrets) -> Self {
        Self { caller, secrets: secrets.clone(), cookies: BTreeMap::new() }
    }

    /// Navigates to an address that the user typed.
    pub(crate) async fn open(&mut self, path: &str) -> Answer {
        let request = self.request(Method::GET, path).header("sec-fetch-site", "none");
        self.ask(request.header("sec-fetch-mode", "navigate").header("sec-fetch-dest", "document"))
            .await
    }

    /// Sends a form of our own page.
    pub(crate) async fn submit(&mut self, path: &str, form: &str) -> Answer {
        let request = self.form(path, form).header("sec-fetch-site", "same-origin");
        self.ask(request.header("sec-fetch-mode", "navigate")).await
    }

    /// Sends a form of another site's page.
    pub(crate) async fn submit_from(&mut self, origin: &str, path: &str, form: &str) -> Answer {
        let request = self.form(path, form).header("sec-fetch-site", "cross-site");
        self.ask(request.header("origin", origin)).await
    }

    /// A request with the cookies, without headers about its origin.
    pub(crate) fn request(&self, method: Method, path: &str) -> RequestBuilder {
        let request = self.caller.sso(method, path).header("accept", "text/html,*/*;q=0.8");
        let sent = self.cookies.iter().filter(|(_, (_, within))| path.starts_with(within));
        let pairs: Vec<_> = sent.map(|(name, (value, _))| format!("{name}={value}")).collect();
        if pairs.is_empty() { request } else { request.header("cookie", pairs.join("; ")) }
    }

    /// The value of a cookie, if there is one.
    pub(crate) fn cookie(&self, name: &str) -> Option<&str> {
        self.cookies.get(name).map(|(value, _)| value.as_str())
    }

    /// Replays a stolen cookie.
    pub(crate) fn set_cookie(&mut self, name: &str, value: &str) {
        self.cookies.insert(name.to_owned(), (value.to_owned(), "/".to_owned()));
    }

    /// Removes a cookie, as a browser does at its expiry.
    pub(crate) fn forget(&mut self, name: &str) {
        self.cookies.remove(name);
    }

    fn form(&self, path: &str, form: &str) -> RequestBuilder {
        let request = self.request(Method::POST, path);
        request.header(CONTENT_TYPE, "application/x-www-form-urlencoded").body(form.to_owned())
    }

    async fn ask(&mut self, request: RequestBuilder) -> Answer {
        let answer = request.ask().await;
        for line in answer.headers.get_all(SET_COOKIE) {
            self.keep(line.to_str().unwrap());
        }
        answer
    }

    fn keep(&mut self, line: &str) {
        let mut parts = line.split("; ");
        let (name, value) = parts.next().unwrap().split_once('=').unwrap();
        let path = parts.clone().find_map(|part| part.strip_prefix("Path=")).unwrap();
        self.secrets.learn(value);
        if parts.any(|part| part == "Max-Age=0") {
            self.cookies.remove(name);
        } else {
            self.cookies.insert(name.to_owned(), (value.to_owned(), path.to_owned()));
        }
    }
}
