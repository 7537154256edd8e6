//! `GET /openapi.json`, and `GET /docs`: Swagger UI, from this service and from nowhere else.

use std::{
    fmt,
    sync::{Arc, OnceLock},
};

use actix_web::{
    HttpRequest, HttpResponse, HttpResponseBuilder,
    http::header::{
        CACHE_CONTROL, CONTENT_ENCODING, CONTENT_SECURITY_POLICY, HeaderValue, REFERRER_POLICY,
        X_CONTENT_TYPE_OPTIONS,
    },
    web::{Bytes, Data, Path},
};
use url::Url;
use utoipa::openapi::OpenApi;
use utoipa_swagger_ui::{Config, SwaggerFile};

use super::document::to_json;
use crate::http::{Problem, Query, Result, no_such_path};

/// The page. It has no inline script or style, and loads the files below.
const PAGE: &str = include_str!("explorer.html");

/// The files of Swagger UI that the page loads.
pub(super) const FILES: [&str; 6] = [
    "favicon-32x32.png",
    "index.css",
    "swagger-initializer.js",
    "swagger-ui-bundle.js",
    "swagger-ui-standalone-preset.js",
    "swagger-ui.css",
];

/// The document of a service and the page that shows it.
pub struct ApiDocs {
    service: &'static str,
    build: Box<dyn Fn() -> OpenApi + Send + Sync>,
    json: OnceLock<Bytes>,
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

    fn file(&self, name: &str) -> Result<SwaggerFile<'_>> {
        let file = match FILES.contains(&name) {
            true => utoipa_swagger_ui::serve(name, Arc::new(self.config())),
            false => Ok(None),
        };
        let file = file.map_err(|error| Problem::internal(error.to_string()))?;
        file.ok_or_else(no_such_path)
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

/// The content security policy of the page: scripts and styles of this service, calls to this
/// service and the authority. Swagger UI has its icons in `data:` URLs.
fn policy(authority: Option<&Url>) -> HeaderValue {
    let authority = authority.map(|url| format!(" {}", url.origin().ascii_serialization()));
    let policy = format!(
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; \
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
    let mut response = revalidated();
    if file.gzpipped {
        response.insert_header((CONTENT_ENCODING, "gzip"));
    }
    Ok(response.content_type(file.content_type).body(file.bytes.into_owned()))
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
