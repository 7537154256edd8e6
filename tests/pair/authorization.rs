//! Authorisation of every route of the gateway: each is tried with every kind of credential, and
//! the answers stand in one table. A new route does not compile until it has a row there.

use std::collections::BTreeMap;

use logs_gateway::Route;
use reqwest::Method;
use serde_json::{Value, json};
use shared_types::{TokenKind, encode_token};

use crate::harness::{ActiveAnswer, FakeAuthority, Pair, Reply, Setup, cri};

/// Status, and the code of a problem or the reason of a Kubernetes error; empty for a success.
type Outcome = (u16, &'static str);

/// The outcomes of a route, in the order of [`CREDENTIALS`].
type Row = [Outcome; CREDENTIALS.len()];

/// The credential of a request.
#[derive(Debug, Clone, Copy)]
enum Credential {
    None,
    /// A session token that the authority calls invalid.
    ExpiredToken,
    /// A session token of a user without any permission.
    TokenWithoutPermission,
    /// An API key that permits to read logs.
    ApiKey,
    /// A refresh token as a bearer token.
    RefreshToken,
    /// The cookie of a user who may read logs, sent by our own page.
    Cookie,
    /// The same cookie, sent by a page of another site.
    ForeignCookie,
}

const CREDENTIALS: [Credential; 7] = [
    Credential::None,
    Credential::ExpiredToken,
    Credential::TokenWithoutPermission,
    Credential::ApiKey,
    Credential::RefreshToken,
    Credential::Cookie,
    Credential::ForeignCookie,
];

const SHOWN: Outcome = (200, "");
const CREATED: Outcome = (201, "");
const NONE: Outcome = (401, "not_authenticated");
const INVALID: Outcome = (401, "invalid_token");
const DENIED: Outcome = (403, "permission_denied");
const UNAUTHORIZED: Outcome = (401, "Unauthorized");
const FORBIDDEN: Outcome = (403, "Forbidden");
const NOT_FOUND: Outcome = (404, "NotFound");

/// The expected outcomes of a route.
fn expected(route: Route) -> Row {
    match route {
        Route::ReadLogs | Route::ReadLog | Route::ReadLogInNamespace | Route::ListPods => {
            gateway(DENIED, SHOWN)
        }
        Route::WhoAmI | Route::Kubeconfig => gateway(SHOWN, SHOWN),

        Route::Viewer
        | Route::ViewerFile
        | Route::ViewerFileInFolder
        | Route::ApiDocument
        | Route::ApiPage
        | Route::ApiPageFile
        | Route::KubernetesVersion => [SHOWN; CREDENTIALS.len()],
        Route::CoreVersions
        | Route::CoreResources
        | Route::Groups
        | Route::AuthorizationResources
        | Route::AuthenticationResources => kubernetes(SHOWN, SHOWN),
        // The source of this gateway is files, which know no workloads.
        Route::AppsResources
        | Route::BatchResources
        | Route::ReadDaemonSet
        | Route::ReadDeployment
        | Route::ReadReplicaSet
        | Route::ReadStatefulSet
        | Route::ReadJob => kubernetes(NOT_FOUND, NOT_FOUND),
        Route::ListNamespaces
        | Route::ReadNamespace
        | Route::ListAllKubernetesPods
        | Route::ListKubernetesPods
        | Route::ReadKubernetesPod
        | Route::ReadKubernetesLog
        | Route::ReadKubernetesLogWithSlash
        | Route::ListAllEvents
        | Route::ListEvents => kubernetes(FORBIDDEN, SHOWN),
        Route::ReviewAccess | Route::ReviewRules | Route::ReviewSelf => {
            kubernetes(CREATED, CREATED)
        }
    }
}

/// The outcomes of a route of the gateway's own interface.
const fn gateway(without_permission: Outcome, permitted: Outcome) -> Row {
    [NONE, INVALID, without_permission, permitted, INVALID, permitted, NONE]
}

/// The outcomes of a route of the Kubernetes API, where a cookie is not a credential.
const fn kubernetes(without_permission: Outcome, permitted: Outcome) -> Row {
    [
        UNAUTHORIZED,
        UNAUTHORIZED,
        without_permission,
        permitted,
        UNAUTHORIZED,
        UNAUTHORIZED,
        UNAUTHORIZED,
    ]
}

#[tokio::test]
async fn every_route_of_the_gateway_answers_each_credential_as_the_table_says() {
    let authority = FakeAuthority::start(Reply::Nothing).await;
    let pair = Setup::new().gateway("GATEWAY_SSO_URL", &authority.url()).start();
    pair.logs.write("default", "web", cri(&["hello"]));
    let version = version_of_viewer(&pair).await;
    let mut wrong = BTreeMap::new();
    for route in Route::ALL {
        for (credential, expected) in CREDENTIALS.into_iter().zip(expected(*route)) {
            for method in route.methods() {
                authority.answer(reply(credential));
                let path = path_of(*route, &version);
                let outcome = send(&pair, &path, method.as_str(), credential).await;
                // The answer to HEAD has no body, and so no code.
                let code = if method.as_str() == "HEAD" { "" } else { expected.1 };
                if outcome != (expected.0, code.to_owned()) {
                    wrong.insert(format!("{route:?} {method} {credential:?}"), outcome);
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

/// The authority's answer about the credential.
fn reply(credential: Credential) -> Reply {
    match credential {
        Credential::ExpiredToken => Reply::json(401, &json!({"code": "invalid_token"})),
        Credential::TokenWithoutPermission => {
            ActiveAnswer::of("logs:read").with("permissions", json!([])).reply()
        }
        Credential::ApiKey => ActiveAnswer::of("logs:read")
            .with("username", "key:robot")
            .with("session_id", ())
            .reply(),
        // Even where the gateway must not ask: a wrong question would be answered.
        Credential::None
        | Credential::RefreshToken
        | Credential::Cookie
        | Credential::ForeignCookie => ActiveAnswer::of("logs:read").reply(),
    }
}

/// A path that exists.
fn path_of(route: Route, version: &str) -> String {
    let file = match route {
        Route::ViewerFile => "main.js",
        Route::ViewerFileInFolder => "list.js",
        _ => "swagger-ui.css",
    };
    let path = route
        .path()
        .replace("{namespace}", "default")
        .replace("{pod}", "web")
        .replace("{name}", "web");
    let path = if path == "/logs" { "/logs?pod=*".to_owned() } else { path };
    path.replace("{version}", version).replace("{folder}", "view").replace("{file}", file)
}

/// The version of the files that the viewer's page loads.
async fn version_of_viewer(pair: &Pair) -> String {
    let page = pair.anonymous().gateway(Method::GET, "/").send().await.unwrap();
    let page = page.text().await.unwrap();
    page.split("/assets/").nth(1).unwrap().split('/').next().unwrap().to_owned()
}

async fn send(pair: &Pair, path: &str, method: &str, credential: Credential) -> (u16, String) {
    let method = Method::from_bytes(method.as_bytes()).unwrap();
    let is_post = method == Method::POST;
    let request = pair.anonymous().gateway(method, path);
    let request = if is_post { request.json(&json!({"spec": {}})) } else { request };
    let token = |kind| encode_token(kind, &[7; 32]).to_string();
    let cookie = format!("session_id={}", token(TokenKind::Session));
    let request = match credential {
        Credential::None => request,
        Credential::ExpiredToken | Credential::TokenWithoutPermission => {
            request.bearer_auth(token(TokenKind::Session))
        }
        Credential::ApiKey => request.bearer_auth(token(TokenKind::ApiKey)),
        Credential::RefreshToken => request.bearer_auth(token(TokenKind::Refresh)),
        Credential::Cookie => {
            request.header("cookie", cookie).header("sec-fetch-site", "same-origin")
        }
        Credential::ForeignCookie => request
            .header("cookie", cookie)
            .header("sec-fetch-site", "cross-site")
            .header("origin", "https://evil.example"),
    };
    let response = request.send().await.unwrap();
    let status = response.status();
    let body: Value = serde_json::from_str(&response.text().await.unwrap()).unwrap_or_default();
    let is_error = status.is_client_error() || status.is_server_error();
    let code = body["code"].as_str().or(body["reason"].as_str()).filter(|_| is_error);
    (status.into(), code.unwrap_or_default().to_owned())
}
