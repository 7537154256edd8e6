//! The document of a service.

use std::collections::BTreeSet;

use actix_web::http::Method;
use utoipa::openapi::{
    Components, InfoBuilder, LicenseBuilder, OpenApi, OpenApiBuilder, Paths, RefOr, Server, Tag,
    path::HttpMethod,
    security::{
        ApiKey, ApiKeyValue, Flow, HttpAuthScheme, HttpBuilder, OAuth2, Password, Scopes,
        SecurityScheme,
    },
};

use super::{headers, operation::ApiOperation};
use crate::http::RouteRow;

/// What a document says about its service.
#[derive(Debug, Clone, Copy)]
pub struct DocumentInfo<'a> {
    /// The name of the service.
    pub title: &'a str,
    /// What it is for, in CommonMark.
    pub description: &'a str,
    /// Its version.
    pub version: &'a str,
    /// The groups of operations with their descriptions, in the order in which they are shown.
    pub tags: &'a [(&'a str, &'a str)],
    /// The URL of the log-in: `POST /auth/login` of sso-service. It takes the form of OAuth 2's
    /// password grant (RFC 6749, section 4.3).
    pub token_url: &'a str,
}

/// The OpenAPI document of these routes. The HEAD of a row that answers GET is not an operation of
/// its own.
#[must_use]
pub fn document(
    info: &DocumentInfo<'_>,
    routes: impl IntoIterator<Item = (RouteRow, ApiOperation)>,
) -> OpenApi {
    let mut components = Components::new();
    let mut paths = Paths::new();
    let mut used: BTreeSet<&str> = BTreeSet::new();
    for (row, operation) in routes {
        used.extend(operation.credentials.iter().flat_map(|credential| credential.schemes()));
        add(&mut paths, &row, &operation);
        for (name, schema) in operation.schemas {
            let other = components.schemas.insert(name.clone(), schema);
            let is_the_same =
                other.is_none_or(|other| components.schemas.get(&name) == Some(&other));
            debug_assert!(is_the_same, "two types have the name {name}");
        }
        let shared = operation.shared.into_iter();
        components.responses.extend(shared.map(|(name, response)| (name, RefOr::T(response))));
    }
    let answers = serde_json::to_string(&(&paths, &components)).unwrap_or_default();
    headers::describe(&mut components, &answers);
    for (name, scheme) in
        schemes(info.token_url).into_iter().filter(|(name, _)| used.contains(name))
    {
        components.security_schemes.insert(name.to_owned(), RefOr::T(scheme));
    }
    let tag = |(name, description): &(&str, &str)| {
        let mut tag = Tag::new(name);
        tag.description = Some((*description).to_owned());
        tag
    };
    OpenApiBuilder::new()
        .info(
            InfoBuilder::new()
                .title(info.title)
                .description(Some(info.description))
                .version(info.version)
                .license(Some(license())),
        )
        .servers(Some([Server::new("/")]))
        .tags(Some(info.tags.iter().map(tag)))
        .paths(paths)
        .components(Some(components))
        .build()
}

fn license() -> utoipa::openapi::License {
    LicenseBuilder::new().name("MIT OR Apache-2.0").identifier(Some("MIT OR Apache-2.0")).build()
}

fn add(paths: &mut Paths, row: &RouteRow, documented: &ApiOperation) {
    let methods = row.methods().iter().filter_map(described);
    for (place, method) in methods.enumerate() {
        let mut operation = documented.operation.clone();
        operation.operation_id = Some(match place {
            0 => documented.id.to_owned(),
            // Ids are unique, and the methods of one row share a description.
            _ => format!("{}_{}", documented.id, name_of(&method)),
        });
        operation.security = Some(documented.security());
        paths.add_path_operation(template(row.path()), vec![method], operation);
    }
}

/// The method as OpenAPI knows it. HEAD is the GET of the same row, without a body.
pub(super) fn described(method: &Method) -> Option<HttpMethod> {
    Some(match method.as_str() {
        "GET" => HttpMethod::Get,
        "POST" => HttpMethod::Post,
        "PUT" => HttpMethod::Put,
        "PATCH" => HttpMethod::Patch,
        "DELETE" => HttpMethod::Delete,
        "OPTIONS" => HttpMethod::Options,
        _ => return None,
    })
}

pub(super) fn name_of(method: &HttpMethod) -> &'static str {
    match method {
        HttpMethod::Get => "get",
        HttpMethod::Post => "post",
        HttpMethod::Put => "put",
        HttpMethod::Patch => "patch",
        HttpMethod::Delete => "delete",
        HttpMethod::Options => "options",
        _ => "other",
    }
}

/// The path as a template of OpenAPI: without the patterns of parameters, and without the `*` after
/// one that takes the rest of the path.
pub(super) fn template(path: &str) -> String {
    let mut parts = path.split('{');
    let mut template = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let (parameter, rest) = part.split_once('}').unwrap_or((part, ""));
        let name = parameter.split(':').next().unwrap_or_default();
        let rest = rest.strip_prefix('*').unwrap_or(rest);
        template.push_str(&format!("{{{name}}}{rest}"));
    }
    template
}

/// The security schemes, of which [`Credential`](super::Credential) names those of an operation.
fn schemes(token_url: &str) -> [(&'static str, SecurityScheme); 5] {
    let bearer = HttpBuilder::new().scheme(HttpAuthScheme::Bearer).bearer_format("sso_…, ssok_…");
    let basic = HttpBuilder::new().scheme(HttpAuthScheme::Basic);
    let cookie = |name, description| {
        SecurityScheme::ApiKey(ApiKey::Cookie(ApiKeyValue::with_description(name, description)))
    };
    [
        (
            "password",
            SecurityScheme::OAuth2(OAuth2::with_description(
                [Flow::Password(Password::new(token_url, Scopes::new()))],
                "Logs in at sso-service with user name and password; no client id is needed.",
            )),
        ),
        (
            "bearer",
            SecurityScheme::Http(
                bearer.description(Some("A session token, or an API key.")).build(),
            ),
        ),
        (
            "basic",
            SecurityScheme::Http(
                basic.description(Some("An API key as the password, with any user name.")).build(),
            ),
        ),
        (
            "session_cookie",
            cookie("session_id", "The session token; `__Host-session_id` over https."),
        ),
        (
            "refresh_cookie",
            cookie("refresh_token", "The refresh token; `__Secure-refresh_token` over https."),
        ),
    ]
}

/// The document as it is committed and served: indented JSON, with a newline at its end.
///
/// # Errors
/// None is known: a document can be serialised.
pub fn to_json(document: &OpenApi) -> serde_json::Result<String> {
    serde_json::to_string_pretty(document).map(|json| json + "\n")
}
