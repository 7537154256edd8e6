//! The page and its files, as they are sent.

use std::{collections::BTreeMap, io};

use actix_web::{
    HttpRequest, HttpResponse,
    http::header::{
        CACHE_CONTROL, CONTENT_ENCODING, CONTENT_SECURITY_POLICY, ETAG, HeaderName, HeaderValue,
        IF_NONE_MATCH, REFERRER_POLICY, VARY, X_CONTENT_TYPE_OPTIONS,
    },
    web::{Bytes, Data, Path},
};
use service_runtime::http::{Problem, Query, Result, StaticFile, no_such_path};
use sha2::{Digest, Sha256};
use url::Url;

use super::{
    assets::{ASSETS, INDEX, content_type},
    without_comments::without_comments,
};

const PERMISSIONS_POLICY: HeaderName = HeaderName::from_static("permissions-policy");
const OPENER_POLICY: HeaderName = HeaderName::from_static("cross-origin-opener-policy");

/// How long browsers keep a file: another version of it has another path.
const FOREVER: &str = "public, max-age=31536000, immutable";

/// The page on which people read logs, and its files.
#[derive(Debug)]
pub(crate) struct ViewerPage {
    index: StaticFile,
    index_tag: HeaderValue,
    files: BTreeMap<&'static str, StaticFile>,
    /// A hash of all files, which is a part of their paths.
    version: String,
    policy: HeaderValue,
}

impl ViewerPage {
    /// The page of a gateway whose users log in at `sso`.
    ///
    /// # Errors
    /// Never in practice: it compresses files in memory.
    pub(crate) fn new(sso: &Url) -> io::Result<Self> {
        let version = hash(ASSETS.iter().flat_map(|(name, content)| [name.as_bytes(), content]));
        let index = index_page(sso, &version);
        let files = ASSETS.iter().map(|(name, content)| {
            Ok((
                *name,
                StaticFile::compressed(content_type(name).to_owned(), sent_as(name, content))?,
            ))
        });
        Ok(Self {
            index_tag: tag(&hash([index.as_bytes()])),
            index: StaticFile::compressed("text/html; charset=utf-8".to_owned(), index.into())?,
            files: files.collect::<io::Result<_>>()?,
            version,
            policy: policy(sso),
        })
    }

    fn file(&self, version: &str, name: &str) -> Result<&StaticFile> {
        let file = self.files.get(name).filter(|_| version == self.version);
        file.ok_or_else(no_such_path)
    }
}

/// What is sent of a file.
fn sent_as(name: &str, content: &'static [u8]) -> Bytes {
    match str::from_utf8(content) {
        Ok(script) if name.ends_with(".js") => without_comments(script).into(),
        _ => Bytes::from_static(content),
    }
}

/// The page with the paths of its files, and the address of sso-service, which a browser needs
/// before it has a session.
fn index_page(sso: &Url, version: &str) -> String {
    let assets = format!("/assets/{version}");
    let is_module = |name: &&str| name.ends_with(".js") && *name != "api/worker.js";
    let modules = ASSETS.iter().map(|(name, _)| *name).filter(is_module);
    let preloads: Vec<String> = modules
        .map(|name| format!("<link rel=\"modulepreload\" href=\"{assets}/{name}\">"))
        .collect();
    // A URL has no quotes: they are percent-encoded.
    INDEX
        .replace("{assets}", &assets)
        .replace("{sso}", sso.as_str().trim_end_matches('/'))
        .replace("{preloads}", &preloads.join("\n"))
}

/// The first half of a SHA-256 in hexadecimal digits.
fn hash<'a>(parts: impl IntoIterator<Item = &'a [u8]>) -> String {
    let mut hasher = Sha256::new();
    for part in parts {
        hasher.update((part.len() as u64).to_le_bytes());
        hasher.update(part);
    }
    hasher.finalize().iter().take(16).map(|byte| format!("{byte:02x}")).collect()
}

/// An entity tag of hexadecimal digits.
fn tag(hash: &str) -> HeaderValue {
    HeaderValue::from_str(&format!("\"{hash}\"")).unwrap_or(HeaderValue::from_static("\"\""))
}

/// Scripts, styles, pictures and a worker of this service; calls to this service, and to
/// sso-service to renew the session.
fn policy(sso: &Url) -> HeaderValue {
    let policy = format!(
        "default-src 'none'; script-src 'self'; worker-src 'self'; style-src 'self'; \
         img-src 'self'; connect-src 'self' {}; form-action 'self'; base-uri 'none'; \
         frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types worker",
        sso.origin().ascii_serialization()
    );
    // The origin of a URL is ASCII.
    HeaderValue::from_str(&policy).unwrap_or(HeaderValue::from_static("default-src 'none'"))
}

/// `GET /`. The query is the view: the page reads it.
pub(in crate::http) async fn page(request: HttpRequest, viewer: Data<ViewerPage>) -> HttpResponse {
    if is_known(&request, &viewer.index_tag) {
        return HttpResponse::NotModified()
            .insert_header((ETAG, viewer.index_tag.clone()))
            .finish();
    }
    let mut response = sent(&request, &viewer.index, "no-cache", viewer.index_tag.clone());
    let headers = response.headers_mut();
    headers.insert(CONTENT_SECURITY_POLICY, viewer.policy.clone());
    // Links of the page lead to sso-service, and a view names pods.
    headers.insert(REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    headers.insert(OPENER_POLICY, HeaderValue::from_static("same-origin"));
    let none = HeaderValue::from_static("camera=(), geolocation=(), microphone=(), payment=()");
    headers.insert(PERMISSIONS_POLICY, none);
    response
}

/// `GET /assets/{version}/{file}`.
///
/// # Errors
/// 400 with a query, 404 for another file or version.
pub(in crate::http) async fn file(
    request: HttpRequest,
    path: Path<(String, String)>,
    viewer: Data<ViewerPage>,
) -> Result<HttpResponse> {
    send_file(&request, &viewer, &path.0, &path.1)
}

/// `GET /assets/{version}/{folder}/{file}`.
///
/// # Errors
/// 400 with a query, 404 for another file or version.
pub(in crate::http) async fn file_in_folder(
    request: HttpRequest,
    path: Path<(String, String, String)>,
    viewer: Data<ViewerPage>,
) -> Result<HttpResponse> {
    let (version, folder, file) = path.into_inner();
    send_file(&request, &viewer, &version, &format!("{folder}/{file}"))
}

fn send_file(
    request: &HttpRequest,
    viewer: &ViewerPage,
    version: &str,
    name: &str,
) -> Result<HttpResponse, Problem> {
    Query::parse(request.query_string()).finish()?;
    let file = viewer.file(version, name)?;
    Ok(sent(request, file, FOREVER, tag(&viewer.version)))
}

fn is_known(request: &HttpRequest, tag: &HeaderValue) -> bool {
    let given = request.headers().get(IF_NONE_MATCH).map(HeaderValue::as_bytes);
    let ours = tag.as_bytes();
    given.is_some_and(|given| given.split(|byte| *byte == b',').any(|one| one.trim_ascii() == ours))
}

fn sent(
    request: &HttpRequest,
    file: &StaticFile,
    caching: &'static str,
    tag: HeaderValue,
) -> HttpResponse {
    let (content, is_compressed) = file.content_for(request);
    let mut response = HttpResponse::Ok();
    response
        .content_type(file.content_type.as_str())
        .insert_header((CACHE_CONTROL, caching))
        .insert_header((ETAG, tag))
        .insert_header((VARY, "Accept-Encoding"))
        .insert_header((X_CONTENT_TYPE_OPTIONS, "nosniff"));
    if is_compressed {
        response.insert_header((CONTENT_ENCODING, "gzip"));
    }
    response.body(content)
}

#[cfg(test)]
#[path = "page_tests.rs"]
mod tests;
