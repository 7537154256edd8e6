//! Operations of OAuth 2, whose errors have a form of their own (RFC 6749, section 5.2).

use serde_json::json;
use service_runtime::http::openapi::{
    ApiOperation, Credential, SharedResponse, header_ref, json_content, text, text_in, uncached,
};
use shared_types::SessionAnswer;
use utoipa::{
    ToSchema,
    openapi::{
        Content, ObjectBuilder, Ref, ResponseBuilder,
        schema::{AnyOfBuilder, Type},
    },
};

use super::examples::{ALICE, ID, TOKEN};
use crate::http::oauth::{
    client_grants::ClientTokenResponse,
    device::DeviceResponse,
    errors::OAuthError,
    introspect::{ActiveClientToken, ActiveToken},
    token::{AUTHORIZATION_CODE, DEVICE_CODE, REFRESH_TOKEN, TOKEN_EXCHANGE},
    token_exchange::{ACCESS_TOKEN, TokenResponse},
};

/// The group of these operations.
pub(super) const TAG: (&str, &str) = ("oauth", "Services ask about tokens as OAuth 2 has it.");

/// The errors: status, name of the component, code, what it says.
const ERRORS: [(u16, &str, &str, &str); 8] = [
    (400, "OAuthBadRequest", "invalid_request", "A parameter is missing or repeated."),
    (401, "OAuthUnauthorized", "invalid_client", "The caller is not authenticated."),
    (403, "OAuthForbidden", "invalid_request", "The request is not accepted from another page."),
    (408, "OAuthTimeout", "invalid_request", "The body took longer than ten seconds to arrive."),
    (413, "OAuthTooLarge", "invalid_request", "The body has more than 64 KiB."),
    (415, "OAuthUnsupported", "invalid_request", "The body is not a form."),
    (500, "OAuthServerError", "server_error", "A fault of the service."),
    (503, "OAuthUnavailable", "temporarily_unavailable", "The answer is unknown; try again."),
];

/// The error of this status.
///
/// # Panics
/// When no endpoint answers with that status.
pub(super) fn oauth_error(status: u16) -> SharedResponse {
    let found = ERRORS.iter().find(|(number, ..)| *number == status);
    let Some((_, name, code, description)) = found else {
        panic!("no error has the status {status}")
    };
    let example = json!({"error": code, "error_description": description});
    let content = json_content(Ref::from_schema_name(OAuthError::name()), example);
    let answer = uncached(description).content("application/json", content);
    let header = match status {
        400 | 401 => Some("WWW-Authenticate"),
        503 => Some("Retry-After"),
        _ => None,
    };
    let add = |answer: ResponseBuilder, name| answer.header_ref(name, header_ref(name));
    SharedResponse::new::<OAuthError<'_>>(status, *name, header.into_iter().fold(answer, add))
}

/// An operation that reads a form and answers errors of OAuth.
fn operation(id: &'static str, summary: &str) -> ApiOperation {
    let statuses = [400, 408, 413, 415, 500, 503];
    statuses
        .map(oauth_error)
        .into_iter()
        .fold(ApiOperation::bare(TAG.0, id, summary), ApiOperation::shared)
}

/// A form with a token. Other parameters are ignored.
fn token_form() -> Content {
    let hint = ObjectBuilder::new()
        .schema_type(Type::String)
        .description(Some("The kind of the token; any is accepted, and changes nothing."));
    let form = ObjectBuilder::new()
        .property("token", text())
        .property("token_type_hint", hint)
        .required("token");
    json_content(form, json!({"token": TOKEN, "token_type_hint": "access_token"}))
}

pub(super) fn introspect() -> ApiOperation {
    let example = json!({
        "active": true,
        "scope": "logs:read",
        "username": ALICE,
        "token_type": "Bearer",
        "exp": 1_800_001_800,
        "iat": 1_800_000_000,
        "sub": ID,
        "iss": "https://sso.example.org",
        "sid": ID,
        "roles": ["reader"],
        "permissions": ["logs:read"],
    });
    let inactive = ObjectBuilder::new().schema_type(Type::Boolean).enum_values(Some([false]));
    let inactive = ObjectBuilder::new().property("active", inactive).required("active");
    let schema = AnyOfBuilder::new()
        .item(Ref::from_schema_name(ActiveToken::name()))
        .item(Ref::from_schema_name(ActiveClientToken::name()))
        .item(inactive);
    let answer = uncached("About the token; `{\"active\":false}` for any that is not live.")
        .content("application/json", json_content(schema, example));
    operation("introspect", "Tells a service about a token (RFC 7662)")
        .description(
            "A caller without the permission `sso:introspect` gets 401. A client of OpenID Connect \
             asks by Basic with its id and secret, and is told about its own access tokens.",
        )
        .needs_only([Credential::Bearer, Credential::Basic])
        .shared(oauth_error(401))
        .body_of("application/x-www-form-urlencoded", token_form())
        .with_schema::<ActiveToken<'_>>()
        .with_schema::<ActiveClientToken<'_>>()
        .answer(200, answer)
}

pub(super) fn revoke() -> ApiOperation {
    operation("revoke", "Revokes a token for its holder (RFC 7009)")
        .description(
            "A session token or a refresh token ends its session, an API key is deleted. No other \
             credential is needed, and an unknown token is 200 as well.",
        )
        .body_of("application/x-www-form-urlencoded", token_form())
        .answer(200, uncached("The token is not live any longer."))
}

pub(super) fn token() -> ApiOperation {
    let exchange = json!({
        "grant_type": TOKEN_EXCHANGE,
        "subject_token": TOKEN,
        "subject_token_type": ACCESS_TOKEN,
        "audience": "reports",
    });
    let example = json!({
        "access_token": "eyJ0eXAiOiJhdCtqd3QiLCJhbGciOiJFUzI1NiJ9.e30.AA",
        "issued_token_type": ACCESS_TOKEN,
        "token_type": "Bearer",
        "expires_in": 300,
        "scope": "logs:read",
    });
    let schema = AnyOfBuilder::new()
        .item(Ref::from_schema_name(TokenResponse::name()))
        .item(Ref::from_schema_name(ClientTokenResponse::name()))
        .item(Ref::from_schema_name(SessionAnswer::name()));
    let answer = uncached("The tokens.").content("application/json", json_content(schema, example));
    operation("token", "Exchanges codes, refresh tokens, and other tokens for JWTs")
        .description(
            "Clients of OpenID Connect exchange a code (`authorization_code`) or a refresh token \
             (`refresh_token`), and authenticate by Basic or by `client_id` and `client_secret`. A \
             holder of a session token or an API key exchanges it for a JWT (RFC 8693) for one \
             audience, one of those that are configured. kubectl-sso gets a session for its codes, \
             device codes (RFC 8628) and refresh tokens.",
        )
        .accepts([Credential::Basic])
        .shared(oauth_error(401))
        .body_of("application/x-www-form-urlencoded", json_content(token_request(), exchange))
        .with_schema::<TokenResponse<'_>>()
        .with_schema::<ClientTokenResponse<'_>>()
        .with_schema::<SessionAnswer<'_>>()
        .answer(200, answer)
}

pub(super) fn authorize_device() -> ApiOperation {
    let form = ObjectBuilder::new().property("client_id", text()).required("client_id");
    let example = json!({
        "device_code": "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
        "user_code": "BCDF-GHJK",
        "verification_uri": "https://sso.example.org/device",
        "verification_uri_complete": "https://sso.example.org/device?user_code=BCDF-GHJK",
        "expires_in": 600,
        "interval": 5,
    });
    let schema = Ref::from_schema_name(DeviceResponse::name());
    let answer = uncached("The codes.").content("application/json", json_content(schema, example));
    operation("authorize_device", "Gives a device a code that its user types (RFC 8628)")
        .description("For kubectl-sso only. The user agrees at `/device`.")
        .shared(oauth_error(401))
        .body_of(
            "application/x-www-form-urlencoded",
            json_content(form, json!({"client_id": "kubectl-sso"})),
        )
        .with_schema::<DeviceResponse<'_>>()
        .answer(200, answer)
}

fn token_request() -> ObjectBuilder {
    let grants = [TOKEN_EXCHANGE, AUTHORIZATION_CODE, REFRESH_TOKEN, DEVICE_CODE];
    let types = [ACCESS_TOKEN, "urn:ietf:params:oauth:token-type:jwt"];
    ObjectBuilder::new()
        .property("grant_type", text_in(grants))
        .property("client_id", text())
        .property("client_secret", text())
        .property("code", text())
        .property("redirect_uri", text())
        .property("code_verifier", text())
        .property("refresh_token", text())
        .property("device_code", text())
        .property("subject_token", text())
        .property("subject_token_type", text_in([ACCESS_TOKEN]))
        .property("requested_token_type", text_in(types))
        .property("audience", text())
        .property("scope", text())
        .required("grant_type")
}
