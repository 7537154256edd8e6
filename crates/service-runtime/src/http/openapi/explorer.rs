//! `GET /openapi.json`, and `GET /docs`: Swagger UI, from this service and from nowhere else.

use std::{collections::BTreeMap, fmt, sync::OnceLock};

use actix_web::{
    HttpRequest, HttpResponse, HttpResponseBuilder,
    http::header::{
        CACHE_CONTROL, CONTENT_ENCODING, CONTENT_SECURITY_POLICY, HeaderValue, REFERRER_POLICY,
        VARY, X_CONTENT_TYPE_OPTIONS,
    },
    web::{Bytes, Data, Path},
};
use url::Url;
use utoipa::openapi::OpenApi;
use utoipa_swagger_ui::Config;

use super::{document::to_json, files::read_files};
use crate::http::{Problem, Query, Result, StaticFile, no_such_path};

/// The page. It has no inline script or style, and loads the files below.
const PAGE: &str = include_str!("explorer.html");

/// The document of a service and the page that shows it.
pub struct ApiDocs {
    service: &'static str,
    build: Box<dyn Fn() -> OpenApi + Send + Sync>,
    json: OnceLock<Bytes>,
    files: OnceLock<BTreeMap<&'static str, StaticFile>>,
    /// Where the document of sso-service is, if the page shows that as well.
    other: Option<String>,
    policy: HeaderValue,
}

impl ApiDocs {
    /// The docs of a service, whose document `build` makes when it is first requested.
    ///
    /// With the URL of sso-service, the page shows the document of that service as well, and may
    /// call both.
    #[must_use]
    pub fn new(
        service: &'static str,
        build: impl Fn() -> OpenApi + Send + Sync + 'static,
        authority: Option<&Url>,
    ) -> Self {
        Self {
            service,
            build: Box::new(build),
            json: OnceLock::new(),
            files: OnceLock::new(),
            other: authority.and_then(|url| url.join("/openapi.json").ok()).map(String::from),
            policy: policy(authority),
        }
    }

    fn json(&self) -> Result<Bytes> {
        if let Some(json) = self.json.get() {
            return Ok(json.clone());
        }
        let json = to_json(&(self.build)()).map_err(Problem::internal)?;
        Ok(self.json.get_or_init(|| json.into()).clone())
    }

    fn file(&self, name: &str) -> Result<&StaticFile> {
        let files = match self.files.get() {
            Some(files) => files,
            None => {
                let files = read_files(&self.config())?;
                self.files.get_or_init(|| files)
            }
        };
        files.get(name).ok_or_else(no_such_path)
    }

    /// Without a validator: the usual one is a public service, and would get the document.
    fn config(&self) -> Config<'_> {
        let ours = utoipa_swagger_ui::Url::new(self.service, "/openapi.json");
        let other =
            self.other.as_deref().map(|url| utoipa_swagger_ui::Url::new("sso-service", url));
        Config::new([Some(ours), other].into_iter().flatten())
            .validator_url("none")
            .display_request_duration(true)
            .display_operation_id(true)
    }
}

impl fmt::Debug for ApiDocs {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ApiDocs").field("service", &self.service).finish_non_exhaustive()
    }
}

/// The style in the logo of Swagger UI, the only one that it does not have in a file.
const LOGO_STYLE: &str = "'sha256-RL3ie0nH+Lzz2YNqQN83mnU0J1ot4QL7b99vMdIX99w='";

/// The content security policy of the page: scripts and styles of this service, calls to this
/// service and the authority. Swagger UI has its icons in `data:` URLs.
fn policy(authority: Option<&Url>) -> HeaderValue {
    let authority = authority.map(|url| format!(" {}", url.origin().ascii_serialization()));
    let policy = format!(
        "default-src 'none'; script-src 'self'; style-src 'self' {LOGO_STYLE}; img-src 'self' data:; \
         connect-src 'self'{}; form-action 'none'; base-uri 'none'; frame-ancestors 'none'",
        authority.unwrap_or_default()
    );
    // The origin of a URL is ASCII.
    HeaderValue::from_str(&policy).unwrap_or(HeaderValue::from_static("default-src 'none'"))
}

/// `GET /openapi.json`.
///
/// # Errors
/// 400 with a query.
pub async fn served_document(request: HttpRequest, docs: Data<ApiDocs>) -> Result<HttpResponse> {
    Query::parse(request.query_string()).finish()?;
    Ok(revalidated().content_type("application/json").body(docs.json()?))
}

/// `GET /docs`.
///
/// # Errors
/// 400 with a query.
pub async fn page(request: HttpRequest, docs: Data<ApiDocs>) -> Result<HttpResponse> {
    Query::parse(request.query_string()).finish()?;
    Ok(revalidated()
        .content_type("text/html; charset=utf-8")
        .insert_header((CONTENT_SECURITY_POLICY, docs.policy.clone()))
        .insert_header((REFERRER_POLICY, "no-referrer"))
        .body(PAGE.replace("{title}", docs.service)))
}

/// `GET /docs/{file}`: a file of Swagger UI.
///
/// # Errors
/// 400 with a query, 404 for another file.
pub async fn asset(
    request: HttpRequest,
    name: Path<String>,
    docs: Data<ApiDocs>,
) -> Result<HttpResponse> {
    Query::parse(request.query_string()).finish()?;
    let file = docs.file(&name)?;
    let (content, is_compressed) = file.content_for(&request);
    let mut response = revalidated();
    response.insert_header((VARY, "Accept-Encoding"));
    if is_compressed {
        response.insert_header((CONTENT_ENCODING, "gzip"));
    }
    Ok(response.content_type(file.content_type.as_str()).body(content))
}

/// 200 that caches may keep and must ask about: a new version of the service has other files under
/// the same names.
fn revalidated() -> HttpResponseBuilder {
    let mut response = HttpResponse::Ok();
    response
        .insert_header((CACHE_CONTROL, "no-cache"))
        .insert_header((X_CONTENT_TYPE_OPTIONS, "nosniff"));
    response
}

#[cfg(test)]
mod tests {
    use std::io::Read;

    use actix_web::{
        App,
        body::to_bytes,
        dev::ServiceResponse,
        http::header::{CONTENT_SECURITY_POLICY, CONTENT_TYPE, HeaderName},
        test::{TestRequest, call_service, init_service},
    };
    use flate2::read::GzDecoder;
    use utoipa::openapi::{Info, Paths};

    use super::{super::files::FILES, *};
    use crate::http::{RouteRow, endpoints};

    async fn get(path: &str) -> ServiceResponse {
        get_with(path, TestRequest::get()).await
    }

    async fn get_with(path: &str, request: TestRequest) -> ServiceResponse {
        let authority = Url::parse("https://sso.example.org/").unwrap();
        let build = || OpenApi::new(Info::new("api", "1"), Paths::new());
        let docs = ApiDocs::new("a-service", build, Some(&authority));
        let table = [
            RouteRow::get("/openapi.json", served_document),
            RouteRow::get("/docs", page),
            RouteRow::get("/docs/{file}", asset),
        ];
        let app = App::new().app_data(Data::new(docs)).service(endpoints(table));
        call_service(&init_service(app).await, request.uri(path).to_request()).await
    }

    fn header(response: &ServiceResponse, name: HeaderName) -> &str {
        response.headers().get(name).unwrap().to_str().unwrap()
    }

    async fn text(response: ServiceResponse) -> String {
        let body = to_bytes(response.into_body()).await.unwrap_or_default();
        String::from_utf8(body.to_vec()).unwrap()
    }

    #[actix_web::test]
    async fn page_loads_only_files_of_the_service_and_has_no_inline_script() {
        let response = get("/docs").await;
        let policy = header(&response, CONTENT_SECURITY_POLICY).to_owned();
        for directive in [
            "default-src 'none'",
            "script-src 'self'",
            "connect-src 'self' https://sso.example.org",
            "frame-ancestors 'none'",
        ] {
            assert!(policy.split("; ").any(|given| given == directive), "{directive}: {policy}");
        }
        assert!(!policy.contains("unsafe"), "{policy}");
        let page = text(response).await;
        let loaded = page.split(['"', '\'']).filter_map(|part| part.strip_prefix("/docs/"));
        let loaded: Vec<_> = loaded.collect();
        assert_eq!(loaded.len(), FILES.len(), "{loaded:?}");
        for file in loaded {
            assert_eq!(get(&format!("/docs/{file}")).await.status(), 200, "{file}");
        }
        assert_eq!(page.matches("<script").count(), page.matches("<script src=\"/docs/").count());
        assert!(!page.contains("http"), "{page}");
    }

    #[actix_web::test]
    async fn file_is_compressed_for_clients_that_accept_it() {
        let mut contents = Vec::new();
        for (accepted, compressed) in [
            (None, false),
            (Some("identity"), false),
            (Some("br"), false),
            (Some("gzip;q=0"), false),
            (Some("gzip"), true),
            (Some("gzip, deflate, br"), true),
        ] {
            let mut request = TestRequest::get();
            if let Some(accepted) = accepted {
                request = request.insert_header(("accept-encoding", accepted));
            }
            let response = get_with("/docs/swagger-ui.css", request).await;
            assert_eq!(response.status(), 200, "{accepted:?}");
            assert_eq!(header(&response, VARY), "Accept-Encoding");
            let encoding = response.headers().get(CONTENT_ENCODING).cloned();
            assert_eq!(encoding.is_some(), compressed, "{accepted:?}");
            let mut content = to_bytes(response.into_body()).await.unwrap_or_default();
            if compressed {
                let mut plain = Vec::new();
                GzDecoder::new(&content[..]).read_to_end(&mut plain).unwrap();
                content = plain.into();
            }
            contents.push(content);
        }
        assert!(contents.iter().all(|content| content == &contents[0]));
        assert!(contents[0].starts_with(b".swagger-ui"));
    }

    #[actix_web::test]
    async fn requests_share_the_content_of_a_file() {
        let docs =
            ApiDocs::new("a-service", || OpenApi::new(Info::new("", ""), Paths::new()), None);
        let request = TestRequest::get().to_http_request();
        let contents =
            [(); 2].map(|()| docs.file("swagger-ui-bundle.js").unwrap().content_for(&request).0);
        assert_eq!(contents[0].as_ptr(), contents[1].as_ptr());
    }

    #[actix_web::test]
    async fn page_shows_both_documents_and_sends_them_to_no_validator() {
        let script = text(get("/docs/swagger-initializer.js").await).await;
        for part in ["\"/openapi.json\"", "\"https://sso.example.org/openapi.json\"", "\"none\""] {
            assert!(script.contains(part), "{part}: {script}");
        }
    }

    #[actix_web::test]
    async fn document_is_json() {
        let response = get("/openapi.json").await;
        assert_eq!(header(&response, CONTENT_TYPE), "application/json");
        let document: serde_json::Value = serde_json::from_str(&text(response).await).unwrap();
        assert_eq!(
            (&document["openapi"], &document["info"]["title"]),
            (&"3.1.0".into(), &"api".into())
        );
    }

    #[actix_web::test]
    async fn other_files_and_queries_are_refused() {
        for (path, status) in [
            ("/docs/swagger-ui.js", 404),
            ("/docs/oauth2-redirect.html", 404),
            ("/docs/..%2findex.css", 404),
            ("/docs?url=https://evil.example/openapi.json", 400),
            ("/docs/index.css?x", 400),
            ("/openapi.json?x", 400),
        ] {
            assert_eq!(get(path).await.status(), status, "{path}");
        }
    }
}
