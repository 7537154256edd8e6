//! Authorisation of every route: each is tried with every kind of credential, and the answers
//! stand in one table. A new route does not compile until it has a row there.

use std::collections::BTreeMap;

use actix_web::{http::Method, test::TestRequest};
use serde_json::json;
use strum::VariantArray;

use super::routes::Route;
use crate::test_service::{Answer, PASSWORD, TOKEN_TTL, TestService, bearer};

/// Status and problem code of an answer. The code of a successful one is empty.
type Outcome = (u16, &'static str);

/// The outcomes of a route, in the order of [`CREDENTIALS`].
type Row = [Outcome; CREDENTIALS.len()];

/// The credential of a request.
#[derive(Debug, Clone, Copy)]
enum Credential {
    None,
    /// A session token of an administrator that has expired.
    ExpiredToken,
    /// A session token of a user without any permission.
    TokenWithoutPermission,
    /// An API key that permits to read logs.
    ApiKey,
    /// An API key that permits to ask about tokens.
    IntrospectingKey,
    /// A refresh token of an administrator as a bearer token.
    RefreshToken,
    /// The cookies of an administrator, sent by our own page.
    Cookie,
    /// The cookies of an administrator, sent by a page of another site.
    ForeignCookie,
}

const CREDENTIALS: [Credential; 8] = [
    Credential::None,
    Credential::ExpiredToken,
    Credential::TokenWithoutPermission,
    Credential::ApiKey,
    Credential::IntrospectingKey,
    Credential::RefreshToken,
    Credential::Cookie,
    Credential::ForeignCookie,
];

const NONE: Outcome = (401, "not_authenticated");
const INVALID: Outcome = (401, "invalid_token");
const DENIED: Outcome = (403, "permission_denied");
const NO_SESSION: Outcome = (403, "session_required");
const FOREIGN: Outcome = (403, "csrf");
const DONE: Outcome = (204, "");
const SHOWN: Outcome = (200, "");
const MOVED: Outcome = (303, "");
/// The caller is accepted, and the empty body is not.
const EMPTY: Outcome = (422, "invalid_value");
const NOT_MINE: Outcome = (404, "session_not_found");
const NO_USER: Outcome = (404, "user_not_found");
const NO_ROLE: Outcome = (404, "role_not_found");
const NO_GRANT: Outcome = (404, "grant_not_found");
const NO_CLIENT: Outcome = (404, "client_not_found");
const NO_KEY: Outcome = (404, "key_not_found");

/// The expected outcomes of a route.
fn expected(route: Route, method: &Method) -> Row {
    match route {
        Route::Validate => [NONE, INVALID, SHOWN, SHOWN, SHOWN, INVALID, SHOWN, SHOWN],
        Route::Introspect => {
            let [none, invalid] = [(401, "invalid_client"), (401, "invalid_token")];
            let denied = (401, "insufficient_scope");
            [none, invalid, denied, denied, (400, "invalid_request"), invalid, none, none]
        }
        Route::AuthorizeDevice => [(401, "invalid_client"); CREDENTIALS.len()],
        Route::UserInfo | Route::UserInfoForm => [INVALID; CREDENTIALS.len()],
        // The token to revoke or to exchange is in the body, and is its own credential. The client of
        // an authorization request is checked before anything is read of a user.
        Route::Revoke | Route::Token | Route::Authorize | Route::AuthorizeForm => {
            [(400, "invalid_request"); CREDENTIALS.len()]
        }
        Route::PublicKeys | Route::AuthorizationServerMetadata | Route::ProviderMetadata => {
            [SHOWN; CREDENTIALS.len()]
        }
        // A proxied application decides about foreign pages itself.
        Route::AuthorizeForNginx | Route::AuthorizeForward | Route::AuthorizeForEnvoy => {
            [NONE, INVALID, SHOWN, SHOWN, SHOWN, INVALID, SHOWN, SHOWN]
        }
        // A `Status` has its HTTP status in place of a code.
        Route::ReviewToken => {
            let refused = (401, "");
            [refused, refused, refused, refused, (400, ""), refused, refused, refused]
        }
        // Their credential is in the body, and nothing else of the request counts.
        Route::ValidateBatch
        | Route::Register
        | Route::LogIn
        | Route::VerifyEmail
        | Route::SendCode
        | Route::ForgotPassword
        | Route::ResetPassword
        | Route::ResetForm => [EMPTY; CREDENTIALS.len()],

        Route::Refresh => [NONE, NONE, NONE, NONE, NONE, NONE, SHOWN, FOREIGN],
        // Any token of a live session ends it, also an expired one.
        Route::LogOut => [NONE, DONE, DONE, NO_SESSION, NO_SESSION, DONE, DONE, FOREIGN],
        Route::ShowSession | Route::ShowAccount | Route::ListSessions => users_read(SHOWN),
        Route::ChangePassword => users_change(EMPTY),
        Route::AccountForm => users_change((400, "bad_request")),
        Route::EndOtherSessions => users_change(DONE),
        Route::EndSession => users_change(NOT_MINE),

        // A navigation from another site gets a page that navigates here again.
        // HEAD renews nothing either.
        Route::Renew if *method == Method::HEAD => {
            [MOVED, MOVED, MOVED, MOVED, MOVED, MOVED, SHOWN, SHOWN]
        }
        Route::Renew => [MOVED, MOVED, MOVED, MOVED, MOVED, MOVED, MOVED, SHOWN],
        Route::StartPage => [MOVED; CREDENTIALS.len()],
        Route::LogInPage | Route::RegisterPage => {
            [SHOWN, SHOWN, MOVED, NO_SESSION, NO_SESSION, SHOWN, MOVED, MOVED]
        }
        Route::LogOutPage | Route::DevicePage => {
            [SHOWN, SHOWN, SHOWN, NO_SESSION, NO_SESSION, SHOWN, SHOWN, SHOWN]
        }
        Route::AccountPage => [MOVED, MOVED, SHOWN, NO_SESSION, NO_SESSION, MOVED, SHOWN, SHOWN],
        Route::AdminPage => [MOVED, MOVED, DENIED, DENIED, DENIED, MOVED, SHOWN, SHOWN],
        Route::AdminForm => administrators_change((400, "bad_request")),
        Route::LogInForm | Route::RegisterForm => forms(EMPTY),
        Route::LogOutForm => forms(MOVED),
        Route::DeviceForm => forms((400, "unknown_user_code")),

        Route::ListUsers
        | Route::ListRoles
        | Route::ListGrants
        | Route::ListKeys
        | Route::ListClients
        | Route::ListEvents => administrators_read(SHOWN),
        Route::ShowUser | Route::ListUserSessions => administrators_read(NO_USER),
        Route::CreateUser
        | Route::SetRole
        | Route::CreateGrant
        | Route::CreateKey
        | Route::CreateClient => administrators_change(EMPTY),
        Route::UpdateUser | Route::DeleteUser | Route::EndUserSessions => {
            administrators_change(NO_USER)
        }
        Route::DeleteRole => administrators_change(NO_ROLE),
        Route::DeleteGrant => administrators_change(NO_GRANT),
        Route::DeleteKey => administrators_change(NO_KEY),
        Route::UpdateClient | Route::DeleteClient => administrators_change(NO_CLIENT),

        // The link to a new password is its own credential. The page asks whether to log out,
        // whichever user is logged in.
        // Nobody answers where the provider is said to be. HEAD asks nobody.
        Route::LogInUpstream | Route::LogInCallback if *method == Method::HEAD => {
            [SHOWN; CREDENTIALS.len()]
        }
        Route::LogInUpstream => [(503, "provider_unavailable"); CREDENTIALS.len()],
        Route::LogInCallback => [(400, "login_expired"); CREDENTIALS.len()],
        Route::ResetPage
        | Route::EndSessionForClient
        | Route::EndSessionForClientForm
        | Route::ApiDocument
        | Route::ApiPage
        | Route::ApiPageFile => [SHOWN; CREDENTIALS.len()],
    }
}

/// The outcomes of a route that reads for users.
const fn users_read(outcome: Outcome) -> Row {
    [NONE, INVALID, outcome, NO_SESSION, NO_SESSION, INVALID, outcome, outcome]
}

/// The outcomes of a route that changes something for users.
const fn users_change(outcome: Outcome) -> Row {
    [NONE, INVALID, outcome, NO_SESSION, NO_SESSION, INVALID, outcome, FOREIGN]
}

/// The outcomes of a route that a form of our pages is sent to. It sets cookies, and so is accepted
/// from our own pages only.
const fn forms(outcome: Outcome) -> Row {
    [FOREIGN, FOREIGN, FOREIGN, FOREIGN, FOREIGN, FOREIGN, outcome, FOREIGN]
}

/// The outcomes of a route that reads for administrators.
const fn administrators_read(outcome: Outcome) -> Row {
    [NONE, INVALID, DENIED, DENIED, DENIED, INVALID, outcome, outcome]
}

/// The outcomes of a route that changes something for administrators.
const fn administrators_change(outcome: Outcome) -> Row {
    [NONE, INVALID, DENIED, DENIED, DENIED, INVALID, outcome, FOREIGN]
}

#[actix_web::test]
async fn every_route_answers_each_credential_as_the_table_says() {
    let tested = Tested::start().await;
    let mut wrong = BTreeMap::new();
    for route in Route::VARIANTS {
        for method in route.row().methods() {
            for (credential, expected) in CREDENTIALS.into_iter().zip(expected(*route, method)) {
                let answer = tested.send(*route, method, credential).await;
                let outcome = (answer.status.as_u16(), answer.problem().1.to_owned());
                if outcome != (expected.0, expected.1.to_owned()) {
                    wrong.insert(format!("{route:?} {method} {credential:?}"), outcome);
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

/// The edge finds the pattern of a path before the router does. A second scope with the same prefix
/// would hide the routes of the one after it.
#[actix_web::test]
async fn every_route_is_counted_under_its_pattern() {
    let tested = Tested::start().await;
    for route in Route::VARIANTS {
        tested.send(*route, &route.row().methods()[0], Credential::None).await;
    }
    let metrics = tested.service.metrics.render();
    let is_counted = |path: &str| metrics.contains(&format!("route=\"{path}\""));
    let paths = Route::VARIANTS.iter().map(|route| route.row().path());
    let uncounted: Vec<_> = paths.filter(|path| !is_counted(path)).collect();
    assert!(uncounted.is_empty(), "{uncounted:?}\n{metrics}");
}

struct Tested {
    service: TestService,
    key: String,
    introspecting_key: String,
}

struct Tokens {
    session: String,
    refresh: String,
}

impl Tested {
    async fn start() -> Self {
        let service = TestService::start().await;
        service.add_user("alice", &[]).await;
        service.add_admin("root").await;
        let key = service.add_key("robot", "logs:read").await;
        let introspecting_key = service.add_key("service", "sso:introspect").await;
        Self { service, key, introspecting_key }
    }

    async fn send(&self, route: Route, method: &Method, credential: Credential) -> Answer {
        let row = route.row();
        // None of these exists, so that no request changes what others rely on.
        let path = row.path().replace("{username}", "nobody").replace("{role}", "none");
        let path = path.replace("{permission}/{target}*", "-/any");
        let path = path.replace("{id}", "00000000-0000-0000-0000-000000000000");
        let path = path.replace("{client_id}", "00000000-0000-0000-0000-000000000000");
        let path = path.replace("{file}", "swagger-initializer.js");
        let request = TestRequest::default().method(method.clone()).uri(&path);
        let request = match route {
            Route::LogInForm
            | Route::RegisterForm
            | Route::ResetForm
            | Route::AccountForm
            | Route::AdminForm
            | Route::Introspect
            | Route::Revoke
            | Route::AuthorizeForm
            | Route::EndSessionForClientForm
            | Route::AuthorizeDevice
            | Route::DeviceForm
            | Route::Token => {
                request.insert_header(("content-type", "application/x-www-form-urlencoded"))
            }
            // Without a body, it reads the cookie.
            Route::Refresh => request,
            _ => request.set_json(json!({})),
        };
        let request = match credential {
            Credential::None => request,
            Credential::ExpiredToken => {
                let token = self.log_in("root").await.session;
                self.service.clock.advance(TOKEN_TTL);
                bearer(request, &token)
            }
            Credential::TokenWithoutPermission => {
                bearer(request, &self.log_in("alice").await.session)
            }
            Credential::ApiKey => bearer(request, &self.key),
            Credential::IntrospectingKey => bearer(request, &self.introspecting_key),
            Credential::RefreshToken => bearer(request, &self.log_in("root").await.refresh),
            Credential::Cookie => {
                let ours = request.insert_header(("sec-fetch-site", "same-origin"));
                ours.insert_header(("cookie", self.cookies(&path).await))
            }
            Credential::ForeignCookie => request
                .insert_header(("sec-fetch-site", "cross-site"))
                .insert_header(("origin", "https://evil.example"))
                .insert_header(("cookie", self.cookies(&path).await)),
        };
        self.service.send(request).await
    }

    /// The cookies that a browser sends to this path.
    async fn cookies(&self, path: &str) -> String {
        let tokens = self.log_in("root").await;
        let session = format!("session_id={}", tokens.session);
        if path != "/auth/refresh" {
            return session;
        }
        format!("{session}; refresh_token={}", tokens.refresh)
    }

    async fn log_in(&self, name: &str) -> Tokens {
        let credentials = json!({"username": name, "password": PASSWORD});
        let request = TestRequest::post().uri("/auth/login").set_json(credentials);
        let body = self.service.send(request).await.body;
        let text = |name: &str| body[name].as_str().unwrap().to_owned();
        Tokens { session: text("token"), refresh: text("refresh_token") }
    }
}
