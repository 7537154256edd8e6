//! Operations of OpenID Connect, for browsers and clients.

use serde_json::json;
use service_runtime::http::openapi::{
    ApiOperation, Credential, html, json_content, query_parameter, redirect, text, text_in,
};
use utoipa::openapi::{ObjectBuilder, schema::Object};

use super::{
    examples::{ALICE, ID},
    oauth::{TAG, oauth_error},
    pages::TAG as PAGES,
};
use crate::oidc::UserClaims;

const USER_CODE: &str = "BCDF-GHJK";
const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";
const REDIRECT_URI: &str = "https://grafana.example.org/login/generic_oauth";

/// The parameters of an authorization request: name, description, schema, example.
fn parameters() -> [(&'static str, &'static str, Object, &'static str); 12] {
    [
        ("response_type", "Required.", text_in(["code"]), "code"),
        ("client_id", "Required.", text(), ID),
        ("redirect_uri", "Required: one of the client's.", text(), REDIRECT_URI),
        ("scope", "Required: `openid` and others.", text(), "openid profile"),
        ("state", "Comes back with the answer.", text(), "af0ifjsldkj"),
        ("nonce", "Comes back in the ID token.", text(), "n-0S6_WzA2Mj"),
        ("code_challenge", "Required (PKCE).", text(), CHALLENGE),
        ("code_challenge_method", "Required (PKCE).", text_in(["S256"]), "S256"),
        ("prompt", "`none`, or some of `login`, `consent`, `select_account`.", text(), "login"),
        ("max_age", "How long ago the log-in may be, in seconds.", text(), "3600"),
        ("id_token_hint", "An ID token of the user.", text(), "eyJ0eXAiOiJKV1QifQ.e30.AA"),
        ("continue", "In place of all others: the id of a stored request.", text(), CHALLENGE),
    ]
}

fn authorization(id: &'static str, summary: &str) -> ApiOperation {
    [400, 500, 503]
        .map(oauth_error)
        .into_iter()
        .fold(ApiOperation::bare(TAG.0, id, summary), ApiOperation::shared)
        .description(
            "A client or an address that is not registered is an error page; every other fault is \
             told to the client. PKCE is required of every client.",
        )
        .accepts([Credential::SessionCookie])
        .shared(oauth_error(403))
        .answer(200, html("A page that asks the user, or that navigates on."))
        .answer(303, redirect("To the client, with a code or an error, `state` and `iss`."))
}

pub(super) fn authorize() -> ApiOperation {
    let operation = authorization("authorize", "Logs a user in to a client (OpenID Connect Core)");
    parameters().into_iter().fold(operation, |operation, (name, description, schema, example)| {
        operation.parameter(query_parameter(name, description, schema, example))
    })
}

pub(super) fn authorize_form() -> ApiOperation {
    let decision = [("user", text(), ID), ("decision", text_in(["approve", "refuse"]), "approve")];
    let fields = parameters().map(|(name, _, schema, example)| (name, schema, example));
    let fields = fields.into_iter().chain(decision);
    let (mut form, mut example) = (ObjectBuilder::new(), json!({}));
    for (name, schema, value) in fields {
        form = form.property(name, schema);
        example[name] = value.into();
    }
    authorization("authorize_form", "The same by a form, and the answer of a user who was asked")
        .body_of("application/x-www-form-urlencoded", json_content(form, example))
        .shared(oauth_error(408))
        .shared(oauth_error(413))
        .shared(oauth_error(415))
}

fn user_info(id: &'static str) -> ApiOperation {
    let example = json!({
        "sub": ID,
        "preferred_username": ALICE,
        "email": "alice@example.org",
        "email_verified": true,
        "groups": ["reader"],
    });
    [400, 401, 500, 503]
        .map(oauth_error)
        .into_iter()
        .fold(ApiOperation::bare(TAG.0, id, "Tells a client about its user"), ApiOperation::shared)
        .description("By an access token of the client. The roles are those of this moment.")
        .needs_only([Credential::Bearer])
        .json::<UserClaims<'_>>(200, "The claims that the scope allows.", example)
}

pub(super) fn show_user_info() -> ApiOperation {
    user_info("show_user_info")
}

pub(super) fn post_user_info() -> ApiOperation {
    user_info("post_user_info")
}

/// The parameters of a log-out: name, description, schema, example.
fn log_out_parameters() -> [(&'static str, &'static str, Object, &'static str); 4] {
    [
        ("id_token_hint", "An ID token of the session.", text(), "eyJ0eXAiOiJKV1QifQ.e30.AA"),
        ("client_id", "The client, without such a token.", text(), ID),
        ("post_logout_redirect_uri", "One of the client's.", text(), "https://app.example.org/"),
        ("state", "Comes back with the browser.", text(), "af0ifjsldkj"),
    ]
}

fn end_session(id: &'static str, summary: &str) -> ApiOperation {
    [400, 403, 500, 503]
        .map(oauth_error)
        .into_iter()
        .fold(ApiOperation::bare(TAG.0, id, summary), ApiOperation::shared)
        .description(
            "At once if the ID token is one of the browser's session; else a page asks the user.",
        )
        .accepts([Credential::SessionCookie])
        .answer(200, html("A page that asks the user, or that navigates on."))
        .answer(303, redirect("To the client, or to `/login`, without cookies."))
}

pub(super) fn log_out() -> ApiOperation {
    let operation = end_session("end_session_for_client", "Logs out at the wish of a client");
    log_out_parameters().into_iter().fold(operation, |operation, (name, what, schema, example)| {
        operation.parameter(query_parameter(name, what, schema, example))
    })
}

pub(super) fn log_out_form() -> ApiOperation {
    let (mut form, mut example) = (ObjectBuilder::new(), json!({"confirmed": "yes"}));
    for (name, _, schema, value) in log_out_parameters() {
        form = form.property(name, schema);
        example[name] = value.into();
    }
    let form = form.property("confirmed", text());
    end_session("end_session_for_client_form", "The same by a form, and the answer of the user")
        .body_of("application/x-www-form-urlencoded", json_content(form, example))
        .shared(oauth_error(408))
        .shared(oauth_error(413))
        .shared(oauth_error(415))
}

pub(super) fn device_page() -> ApiOperation {
    ApiOperation::new(PAGES.0, "device_page", "Asks for the code of a device")
        .parameter(query_parameter("user_code", "The code, if it is known.", text(), USER_CODE))
        .accepts([Credential::SessionCookie])
        .problems([400, 403])
        .answer(200, html("The form, or that of the log-in."))
}

pub(super) fn device_form() -> ApiOperation {
    let form = ObjectBuilder::new()
        .property("user_code", text())
        .property("user", text())
        .property("decision", text_in(["approve", "refuse"]));
    let example = json!({"user_code": USER_CODE, "user": ID, "decision": "approve"});
    ApiOperation::new(PAGES.0, "device_form", "Names a device by its code; lets it log in")
        .accepts([Credential::SessionCookie])
        .body_of("application/x-www-form-urlencoded", json_content(form, example))
        .problems([400, 403, 429])
        .answer(200, html("The question, or what was done."))
}
