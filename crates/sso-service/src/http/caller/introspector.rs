//! Services that ask about the tokens of their callers.

use actix_web::{
    HttpRequest,
    http::{
        StatusCode,
        header::{AUTHORIZATION, HeaderMap, WWW_AUTHENTICATE},
    },
    web::Data,
};
use service_runtime::{
    http::{Authenticate, Problem, RequestContext, Result, authorization},
    telemetry::RequestSpan,
};
use shared_types::{AskedPermission, BearerToken};

use super::{
    basic::{basic_credentials, key_in_password},
    services::services,
};
use crate::{
    authority::{SessionAuthority, TokenRefusal},
    http::wire::source::source,
};

/// A caller with the permission `sso:introspect`: by an API key or a session token as a bearer
/// token, or by an API key as the password of Basic with any user name. Cookies do not count.
///
/// Every refusal is 401, with the challenge of the caller's scheme: to such endpoints a credential
/// that does not suffice is none (RFC 7662, section 2.3).
pub(in crate::http) struct Introspector {
    authority: Data<SessionAuthority>,
    credential: CallerCredential,
    context: RequestContext,
}

/// The token of a caller, and the scheme that it came in.
struct CallerCredential {
    token: BearerToken,
    scheme: Scheme,
}

#[derive(Clone, Copy)]
enum Scheme {
    Bearer,
    Basic,
}

impl Introspector {
    /// Authorises the caller again when the whole request is there: the permission may have been
    /// lost while the body was sent.
    ///
    /// # Errors
    /// 401 when the token is no longer valid, or no longer permits to introspect.
    pub(in crate::http) async fn check_again(&self) -> Result<()> {
        let CallerCredential { token, scheme } = &self.credential;
        let source = source(&self.context);
        let checked = self.authority.validate_again(token, &introspect(), source).await;
        checked.map(|_| ()).map_err(|refusal| refused(*scheme, refusal))
    }
}

impl Authenticate for Introspector {
    type Refusal = Problem;

    fn authenticate(request: &HttpRequest) -> impl Future<Output = Result<Self>> + 'static {
        let request = request.clone();
        async move { authenticate(&request).await }
    }
}

async fn authenticate(request: &HttpRequest) -> Result<Introspector> {
    let (authority, _) = services(request)?;
    let credential = credential(request.headers())?;
    let context = RequestContext::of(request);
    let holder = authority
        .validate(&credential.token, Some(&introspect()), source(&context))
        .await
        .map_err(|refusal| refused(credential.scheme, refusal))?;
    RequestSpan::current().record_user(&*holder.account.username);
    Ok(Introspector { authority: authority.clone(), credential, context })
}

fn introspect() -> AskedPermission {
    AskedPermission::everywhere("sso:introspect")
}

fn credential(headers: &HeaderMap) -> Result<CallerCredential> {
    let mut values = headers.get_all(AUTHORIZATION);
    if let (Some(value), None) = (values.next(), values.next())
        && let Some(basic) = basic_credentials(value.as_bytes())
    {
        let token = key_in_password(basic).ok_or_else(invalid_key)?;
        return Ok(CallerCredential { token, scheme: Scheme::Basic });
    }
    let token = authorization(headers).map_err(|_| Problem::invalid_token())?;
    let token = token.ok_or_else(no_credential)?;
    Ok(CallerCredential { token, scheme: Scheme::Bearer })
}

const BEARER: &str = "Bearer realm=\"sso\"";
const BASIC: &str = "Basic realm=\"sso\"";

fn refused(scheme: Scheme, refusal: TokenRefusal) -> Problem {
    match (scheme, refusal) {
        (_, unknown @ TokenRefusal::Unknown) => unknown.into(),
        (Scheme::Bearer, TokenRefusal::Denied(missing)) => permission_missing(&missing),
        (Scheme::Bearer, TokenRefusal::InvalidToken | TokenRefusal::SessionRequired) => {
            Problem::invalid_token()
        }
        (
            Scheme::Basic,
            TokenRefusal::InvalidToken | TokenRefusal::SessionRequired | TokenRefusal::Denied(_),
        ) => invalid_key(),
    }
}

/// 401, with the challenges of both schemes.
fn no_credential() -> Problem {
    let detail = "Send an API key with the permission sso:introspect: as Authorization: Bearer, \
                  or as the password of Authorization: Basic.";
    Problem::new(StatusCode::UNAUTHORIZED, "not_authenticated", detail)
        .header(WWW_AUTHENTICATE, BEARER)
        .header(WWW_AUTHENTICATE, BASIC)
}

/// 401, for Basic: the password is no valid API key, or one that does not suffice.
fn invalid_key() -> Problem {
    let detail = "The password must be a valid API key with the permission sso:introspect.";
    Problem::new(StatusCode::UNAUTHORIZED, "invalid_client", detail).header(WWW_AUTHENTICATE, BASIC)
}

/// As [`Problem::permission_denied`], with status 401.
fn permission_missing(missing: &AskedPermission) -> Problem {
    let challenge =
        format!("Bearer realm=\"sso\", error=\"insufficient_scope\", scope=\"{missing}\"");
    let detail = format!("The permission {missing} is missing.");
    Problem::new(StatusCode::UNAUTHORIZED, "permission_denied", detail)
        .header(WWW_AUTHENTICATE, challenge)
}
