//! User names and passwords, and the log-in with them.

use actix_web::{
    HttpRequest,
    http::header::{HeaderValue, USER_AGENT},
};
use service_runtime::http::{Problem, Query, RequestContext, Result};
use utoipa::ToSchema;
use zeroize::Zeroizing;

use crate::{
    authority::{LoggedIn, LoginError, SessionAuthority},
    http::wire::{body_faults::BodyFaults, member::Member},
    login_guard::TypedCredentials,
    sessions::Client,
};

/// A user name and a password as they were typed. The name is wiped like the password, because
/// users mix up the two fields.
pub(in crate::http) struct Credentials {
    pub(in crate::http) username: Zeroizing<String>,
    pub(in crate::http) password: Zeroizing<String>,
}

/// The same in a form. Other fields are ignored, such as those of OAuth 2's password grant.
#[derive(ToSchema)]
pub(in crate::http) struct CredentialsForm {
    #[schema(value_type = String, required = true)]
    username: Member<String>,
    #[schema(value_type = String, required = true, format = Password)]
    password: Member<String>,
}

/// Begins the session of the user with these credentials.
pub(in crate::http) async fn begin_session(
    request: &HttpRequest,
    credentials: &Credentials,
    authority: &SessionAuthority,
) -> Result<LoggedIn, LoginError> {
    let typed = TypedCredentials { name: &credentials.username, password: &credentials.password };
    authority.login(typed, client_of(request), &RequestContext::of(request).request_id).await
}

/// The client that sent a request.
pub(in crate::http) fn client_of(request: &HttpRequest) -> Client {
    let user_agent = request.headers().get(USER_AGENT).map(HeaderValue::as_bytes);
    Client::new(RequestContext::of(request).client_ip, user_agent)
}

impl TryFrom<Query> for CredentialsForm {
    type Error = Problem;

    fn try_from(mut form: Query) -> Result<Self> {
        let (username, password) = (form.take("username"), form.take("password"));
        form.check()?;
        Ok(Self { username: username.into(), password: password.into() })
    }
}

impl TryFrom<CredentialsForm> for Credentials {
    type Error = BodyFaults;

    fn try_from(form: CredentialsForm) -> Result<Self, BodyFaults> {
        let mut faults = BodyFaults::default();
        let username = faults.required_text("username", form.username);
        let password = faults.required_text("password", form.password);
        faults.finish(|| Some(Self { username: username?, password: password? }))
    }
}
