//! A user with a browser that follows redirects, and pages that navigate on.

use std::{collections::BTreeMap, net::SocketAddr};

use reqwest::Url;

use super::message::{Message, Request};

/// The most steps of one navigation: browsers end a loop after twenty redirects.
const MAX_STEPS: usize = 8;

/// A browser with the cookies of one host.
#[derive(Debug, Default)]
pub(super) struct Visitor {
    /// Value and path by name.
    cookies: BTreeMap<String, (String, String)>,
}

/// The end of a navigation.
#[derive(Debug)]
pub(super) struct Page {
    pub(super) url: Url,
    pub(super) message: Message,
    /// The paths on the way, with the status of each.
    pub(super) way: Vec<(u16, String)>,
}

impl Visitor {
    /// Types an address.
    pub(super) async fn open(&mut self, url: &str) -> Page {
        self.navigate(Url::parse(url).unwrap(), None, Request::new("GET", "")).await
    }

    /// Follows a link of a page.
    pub(super) async fn follow(&mut self, from: &Page, url: &str) -> Page {
        let url = Url::parse(url).unwrap();
        self.navigate(url, Some(&from.url), Request::new("GET", "")).await
    }

    /// Logs in with the form of the page.
    pub(super) async fn log_in(&mut self, page: &Page, username: &str, password: &str) -> Page {
        let return_to = between(&page.message.body, "name=\"return_to\" value=\"", "\"").unwrap();
        let fields = [("username", username), ("password", password), ("return_to", &return_to)];
        let form = Url::parse_with_params("http://form", fields).unwrap();
        let form = Request::new("POST", "").body(form.query().unwrap());
        let form = form.header("Content-Type", "application/x-www-form-urlencoded");
        let action = page.url.join("/login").unwrap();
        self.navigate(action, Some(&page.url), form).await
    }

    /// As it does when the time of the cookie is over.
    pub(super) fn forget(&mut self, name: &str) {
        self.cookies.remove(name).unwrap();
    }

    pub(super) fn cookie(&self, name: &str) -> String {
        self.cookies[name].0.clone()
    }

    async fn navigate(&mut self, url: Url, from: Option<&Url>, first: Request) -> Page {
        let (mut url, mut from, mut request) = (url, from.cloned(), first);
        let mut way = Vec::new();
        loop {
            assert!(way.len() < MAX_STEPS, "a loop: {way:?}");
            let message = self.step(&url, from.as_ref(), request).await;
            way.push((message.status, url.path().to_owned()));
            let Some(next) = next(&url, &message) else {
                return Page { url, message, way };
            };
            // A redirect is caused by the first page of the navigation, ours by ourselves.
            if message.status == 200 {
                from = Some(url.clone());
            }
            (url, request) = (next, Request::new("GET", ""));
        }
    }

    async fn step(&mut self, url: &Url, from: Option<&Url>, request: Request) -> Message {
        let address: SocketAddr = url.socket_addrs(|| None).unwrap()[0];
        let query = url.query().map(|query| format!("?{query}")).unwrap_or_default();
        let request = request.target(&format!("{}{query}", url.path())).by_browser();
        let site = match from {
            None => "none",
            Some(from) if from.origin() == url.origin() => "same-origin",
            Some(_) => "same-site",
        };
        let request = request.header("Sec-Fetch-Site", site).header("Sec-Fetch-Mode", "navigate");
        let mut request = request.header("Sec-Fetch-Dest", "document");
        let sent = self.cookies.iter().filter(|(_, (_, path))| url.path().starts_with(path));
        let pairs: Vec<_> = sent.map(|(name, (value, _))| format!("{name}={value}")).collect();
        if !pairs.is_empty() {
            request = request.header("Cookie", &pairs.join("; "));
        }
        let message = request.send(address).await;
        for line in message.all("set-cookie") {
            self.keep(line);
        }
        message
    }

    fn keep(&mut self, line: &str) {
        let (name, rest) = line.split_once('=').unwrap();
        let value = rest.split(';').next().unwrap();
        let path = between(rest, "Path=", ";").unwrap();
        self.cookies.insert(name.to_owned(), (value.to_owned(), path));
    }
}

/// The next address of a navigation.
fn next(url: &Url, message: &Message) -> Option<Url> {
    if (300..400).contains(&message.status) {
        return Some(url.join(message.header("location")).unwrap());
    }
    let refresh = between(&message.body, "content=\"0; url=", "\"")?;
    Some(url.join(&refresh).unwrap())
}

/// The text between two others, with the escapes of our pages undone.
fn between(text: &str, before: &str, after: &str) -> Option<String> {
    let (_, rest) = text.split_once(before)?;
    let end = rest.find(after).unwrap_or(rest.len());
    Some(rest[..end].replace("&#38;", "&").replace("&amp;", "&"))
}
