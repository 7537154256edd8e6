//! Operations for users: log-in, and their own account and sessions.

use serde_json::{Value, json};
use service_runtime::http::openapi::{
    ApiOperation, Credential, header_ref, json_content, path_parameter, query_parameter, uncached,
    uuid,
};
use shared_types::SessionAnswer;
use utoipa::{
    ToSchema,
    openapi::{ObjectBuilder, Ref, schema::Type},
};

use super::examples::{
    ALICE, BEGIN, END, ID, NEW_PASSWORD, PASSWORD, REFRESH_TOKEN, TOKEN, joined, validation,
};
use crate::http::auth::{
    credentials::CredentialsForm,
    forgotten_password::{ForgotPasswordRequest, ResetPasswordRequest},
    login::LoginRequest,
    password::ChangePasswordRequest,
    refresh::RefreshRequest,
    register::{RegisterRequest, RegisterResponse},
    session::SessionResponse,
    sessions::OwnSessionsResponse,
    user::AccountResponse,
    verify_email::{SendCodeRequest, VerifyEmailRequest},
};

/// The group of these operations.
pub(super) const TAG: (&str, &str) =
    ("account", "Users log in, and manage their own account and sessions.");

/// What a user's own account accepts.
const USER: [Credential; 2] = [Credential::Bearer, Credential::SessionCookie];

pub(super) fn register() -> ApiOperation {
    let body = json!({"username": ALICE, "password": PASSWORD, "email": "alice@example.org"});
    let answer = json!({"id": ID, "username": ALICE, "email": "alice@example.org"});
    ApiOperation::new(TAG.0, "register", "Creates an account, where registration is open")
        .description("The new account has the role `user`, which permits nothing.")
        .json_body::<RegisterRequest>(body)
        .problems([403, 409, 429])
        .json::<RegisterResponse<'_>>(201, "The account.", answer)
}

pub(super) fn verify_email() -> ApiOperation {
    ApiOperation::new(TAG.0, "verify_email", "Verifies the e-mail address of a user by a code")
        .description("There only where mail is sent. A code can be mistyped five times.")
        .json_body::<VerifyEmailRequest>(json!({"username": ALICE, "code": "482913"}))
        .problems([404, 409, 429])
        .no_content("The address is verified.")
}

pub(super) fn send_code() -> ApiOperation {
    ApiOperation::new(TAG.0, "send_code", "Sends another code to verify an e-mail address")
        .description("There only where mail is sent. The answer is the same for any name.")
        .json_body::<SendCodeRequest>(json!({"username": ALICE}))
        .problems([404, 429])
        .no_content("A code is sent if the user has an address that is not verified.")
}

pub(super) fn forgot_password() -> ApiOperation {
    ApiOperation::new(TAG.0, "forgot_password", "Sends a link to a new password")
        .description("There only where mail is sent. The answer is the same for any address.")
        .json_body::<ForgotPasswordRequest>(json!({"email": "alice@example.org"}))
        .problems([404, 429])
        .no_content("A link is sent if the address is the verified one of a user.")
}

pub(super) fn reset_password() -> ApiOperation {
    let body = json!({"token": "6l0mZb6Q3lHn7vSZ0WcWk2l0y8p1rJb1cT9mX4uQdEs", "new_password": NEW_PASSWORD});
    ApiOperation::new(TAG.0, "reset_password", "Sets a new password by a link")
        .description("The link is spent, and all sessions of the user end.")
        .json_body::<ResetPasswordRequest>(body)
        .no_content("It is set.")
}

pub(super) fn log_in() -> ApiOperation {
    let credentials = json!({"username": ALICE, "password": PASSWORD});
    ApiOperation::new(TAG.0, "log_in", "Begins a session")
        .description(
            "As JSON, or as the form of OAuth 2's password grant, whose other fields are ignored. \
             With `cookie`, the tokens are set as cookies as well; then a request that a page of \
             another site sent is refused (403 `csrf`).",
        )
        .json_body::<LoginRequest>(credentials.clone())
        .form::<CredentialsForm>(credentials)
        .problems([401, 403, 429])
        .with_schema::<SessionAnswer<'_>>()
        .answer(200, session("The session and its tokens."))
}

pub(super) fn refresh() -> ApiOperation {
    ApiOperation::new(TAG.0, "refresh", "Renews a session")
        .description(
            "By the refresh token in the body, else by the one in the cookie; then the new tokens \
             are set as cookies as well. A refresh token is good once: if it is presented again, \
             its session ends (401 `refresh_reused`), except for ten seconds, in which the answer \
             is repeated.",
        )
        .optional_json_body::<RefreshRequest>(json!({"refresh_token": REFRESH_TOKEN}))
        .accepts([Credential::RefreshCookie])
        .problems([401, 403, 429])
        .with_schema::<SessionAnswer<'_>>()
        .answer(200, session("The session and its new tokens."))
}

fn session(description: &str) -> utoipa::openapi::ResponseBuilder {
    let example = json!({
        "token": TOKEN,
        "access_token": TOKEN,
        "token_type": "bearer",
        "expires_in": 1800,
        "expires_at": END,
        "refresh_token": REFRESH_TOKEN,
        "refresh_expires_at": "2027-01-15T16:00:00Z",
        "session_id": ID,
        "username": ALICE,
        "user_id": ID,
        "roles": ["reader"],
        "permissions": ["logs:read"],
    });
    let content = json_content(Ref::from_schema_name(SessionAnswer::name()), example);
    uncached(description)
        .header_ref("Set-Cookie", header_ref("Set-Cookie"))
        .content("application/json", content)
}

pub(super) fn log_out() -> ApiOperation {
    let done = uncached("The session has ended, or the token stood for none.")
        .header_ref("Set-Cookie", header_ref("Set-Cookie"));
    ApiOperation::new(TAG.0, "log_out", "Ends the session of a token")
        .description("Any token of the session does, also an expired one.")
        .needs([Credential::Bearer, Credential::SessionCookie, Credential::RefreshCookie])
        .answer(204, done)
}

pub(super) fn show_session() -> ApiOperation {
    let example = joined(validation(), client_of_session());
    ApiOperation::new(TAG.0, "show_session", "Shows the session of the token")
        .needs(USER)
        .json::<SessionResponse<'_>>(200, "The session.", example)
}

pub(super) fn show_account() -> ApiOperation {
    let example = json!({
        "id": ID,
        "username": ALICE,
        "email": "alice@example.org",
        "verified": true,
        "roles": ["reader"],
        "permissions": ["logs:read"],
        "created_at": BEGIN,
    });
    ApiOperation::new(TAG.0, "show_account", "Shows the account of the token's user")
        .needs(USER)
        .json::<AccountResponse<'_>>(200, "The account.", example)
}

pub(super) fn list_sessions() -> ApiOperation {
    let session = json!({"id": ID, "expires_at": END, "current": true});
    let example = json!({"sessions": [joined(session, client_of_session())]});
    ApiOperation::new(TAG.0, "list_sessions", "Lists the user's sessions, the newest first")
        .needs(USER)
        .json::<OwnSessionsResponse<'_>>(200, "At most 1000 sessions.", example)
}

fn client_of_session() -> Value {
    json!({
        "created_at": BEGIN,
        "last_seen_at": BEGIN,
        "ip": "192.0.2.7",
        "user_agent": "curl/8.14.1",
    })
}

pub(super) fn end_other_sessions() -> ApiOperation {
    let all = "Whether the session of the token ends as well.";
    let flag = ObjectBuilder::new().schema_type(Type::Boolean);
    ApiOperation::new(TAG.0, "end_other_sessions", "Ends the user's other sessions")
        .needs(USER)
        .parameter(query_parameter("all", all, flag, false))
        .problems([422])
        .no_content("They have ended.")
}

pub(super) fn end_session() -> ApiOperation {
    ApiOperation::new(TAG.0, "end_session", "Ends one of the user's sessions")
        .needs(USER)
        .parameter(path_parameter("id", "The id of the session.", uuid(), ID))
        .problems([404])
        .no_content("It has ended.")
}

pub(super) fn change_password() -> ApiOperation {
    let body = json!({"current_password": PASSWORD, "new_password": NEW_PASSWORD});
    ApiOperation::new(TAG.0, "change_password", "Changes the user's password")
        .description("The user's other sessions end. A wrong current password is 403.")
        .needs(USER)
        .json_body::<ChangePasswordRequest>(body)
        .problems([429])
        .no_content("It is changed.")
}
