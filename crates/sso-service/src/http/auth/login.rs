//! `POST /auth/login`.

use actix_web::{
    HttpRequest, HttpResponse,
    web::{Data, Payload},
};
use serde::Deserialize;
use service_runtime::http::{ContentType, Result, content_type, read_body, unsupported_media_type};
use shared_types::SessionAnswer;
use utoipa::ToSchema;

use super::credentials::{Credentials, CredentialsForm, begin_session};
use crate::{
    authority::{LoggedIn, SessionAuthority},
    http::{
        caller::{cookies, csrf},
        wire::{
            body_faults::BodyFaults,
            form::parse_form,
            json::parse_json,
            member::Member,
            query::{NoParameters, QueryString},
            response::private_in,
        },
    },
    site::Site,
};

/// The JSON body of a log-in.
#[derive(Deserialize, ToSchema)]
pub(in crate::http) struct LoginRequest {
    #[serde(default)]
    #[schema(value_type = String, required = true)]
    username: Member<String>,
    #[serde(default)]
    #[schema(value_type = String, required = true, format = Password)]
    password: Member<String>,
    /// Whether the tokens are set as cookies as well.
    #[serde(default)]
    #[schema(value_type = bool)]
    cookie: Member<bool>,
}

/// Begins a session, and sets its tokens as cookies if the body asks for that.
pub(in crate::http) async fn login(
    _: QueryString<NoParameters>,
    request: HttpRequest,
    body: Payload,
    authority: Data<SessionAuthority>,
    site: Data<Site>,
) -> Result<HttpResponse> {
    let content_type = content_type(&request)?.ok_or_else(unsupported_media_type)?;
    let body = read_body(body).await?;
    let login = match content_type {
        ContentType::Json => parse_json::<LoginRequest>(&body)?.try_into()?,
        ContentType::Form => Login {
            credentials: CredentialsForm::try_from(parse_form(&body)?)?.try_into()?,
            wants_cookies: false,
        },
    };
    if login.wants_cookies {
        csrf::check(request.headers(), &site)?;
    }
    let logged_in = begin_session(&request, &login.credentials, &authority).await?;
    let mut response = HttpResponse::Ok();
    if login.wants_cookies {
        cookies::give(&mut response, &logged_in, &site);
    }
    Ok(private_in(response, &SessionAnswer::from(&logged_in)))
}

struct Login {
    credentials: Credentials,
    wants_cookies: bool,
}

impl TryFrom<LoginRequest> for Login {
    type Error = BodyFaults;

    fn try_from(request: LoginRequest) -> Result<Self, BodyFaults> {
        let mut faults = BodyFaults::default();
        let username = faults.required_text("username", request.username);
        let password = faults.required_text("password", request.password);
        let wants_cookies = faults.optional_flag("cookie", request.cookie).unwrap_or(false);
        faults.finish(|| {
            let credentials = Credentials { username: username?, password: password? };
            Some(Self { credentials, wants_cookies })
        })
    }
}

impl<'a> From<&'a LoggedIn> for SessionAnswer<'a> {
    fn from(logged_in: &'a LoggedIn) -> Self {
        let account = &logged_in.account;
        Self {
            token: logged_in.token.expose(),
            access_token: logged_in.token.expose(),
            token_type: "bearer",
            expires_in: (logged_in.expires_at - logged_in.issued_at).num_seconds(),
            expires_at: logged_in.expires_at,
            refresh_token: logged_in.refresh_token.expose(),
            refresh_expires_at: logged_in.refresh_expires_at,
            session_id: logged_in.session_id,
            username: &account.username,
            user_id: account.user_id,
            roles: account.roles.as_slice().into(),
            permissions: account.permissions.spelled().into(),
        }
    }
}
