//! Clients that authenticate with their secret, or claim their id (RFC 6749, section 2.3).

use actix_web::http::{
    StatusCode,
    header::{AUTHORIZATION, HeaderMap, HeaderValue, WWW_AUTHENTICATE},
};
use base64::{Engine, prelude::BASE64_STANDARD};
use percent_encoding::percent_decode;
use service_runtime::http::{Problem, Result};
use zeroize::Zeroizing;

use super::{errors::refused, form::OAuthForm};
use crate::{
    http::caller::basic::basic_credentials,
    oidc::{OidcClient, OidcProvider},
};

/// The id of a client, and its secret unless it is public.
struct ClientCredentials {
    id: Zeroizing<String>,
    secret: Option<Zeroizing<String>>,
}

/// The client that sends a request: by Basic, or by parameters of the form. A public client names
/// itself there.
///
/// # Errors
/// 400 when it authenticates twice; 401 when it is unknown or its secret is wrong.
pub(super) async fn authenticate_client(
    headers: &HeaderMap,
    form: &mut OAuthForm,
    provider: &OidcProvider,
) -> Result<OidcClient> {
    let named = form.take("client_id");
    let secret = form.take("client_secret");
    let credentials = match (in_header(headers)?, named, secret) {
        (Some(credentials), None, None) => credentials,
        (Some(credentials), Some(id), None) if credentials.id == id => credentials,
        (Some(_), ..) => {
            return Err(refused("invalid_request", "A client must authenticate in one way only."));
        }
        (None, Some(id), secret) => ClientCredentials { id, secret },
        (None, None, _) => return Err(invalid_client()),
    };
    check(&credentials, provider).await
}

/// The client in Basic, if the header has a secret of a client in it.
///
/// # Errors
/// 401 when it is unknown, or its secret is wrong.
pub(super) async fn client_in_header(
    headers: &HeaderMap,
    provider: &OidcProvider,
) -> Result<OidcClient> {
    let credentials = in_header(headers)?.filter(|credentials| credentials.secret.is_some());
    check(&credentials.ok_or_else(invalid_client)?, provider).await
}

/// An unknown id takes the same steps as a wrong secret, and gets the same answer.
async fn check(credentials: &ClientCredentials, provider: &OidcProvider) -> Result<OidcClient> {
    let ClientCredentials { id, secret } = credentials;
    let client =
        provider.authenticated_client(id, secret.as_ref().map(|secret| &***secret)).await?;
    client.ok_or_else(invalid_client)
}

fn in_header(headers: &HeaderMap) -> Result<Option<ClientCredentials>> {
    let mut values = headers.get_all(AUTHORIZATION).map(HeaderValue::as_bytes);
    let Some(value) = values.next() else {
        return Ok(None);
    };
    let basic = basic_credentials(value).filter(|_| values.next().is_none());
    basic.and_then(parse).map(Some).ok_or_else(invalid_client)
}

/// Id and secret are encoded like the fields of a form before they are joined (section 2.3.1).
fn parse(credentials: &[u8]) -> Option<ClientCredentials> {
    let decoded = Zeroizing::new(BASE64_STANDARD.decode(credentials).ok()?);
    let colon = decoded.iter().position(|byte| *byte == b':')?;
    let (id, secret) = (form_decoded(&decoded[..colon])?, form_decoded(&decoded[colon + 1..])?);
    Some(ClientCredentials { id, secret: Some(secret).filter(|secret| !secret.is_empty()) })
}

fn form_decoded(text: &[u8]) -> Option<Zeroizing<String>> {
    let blanks: Zeroizing<Vec<u8>> =
        Zeroizing::new(text.iter().map(|byte| if *byte == b'+' { b' ' } else { *byte }).collect());
    let decoded = percent_decode(&blanks).decode_utf8().ok()?;
    Some(Zeroizing::new(decoded.into_owned()))
}

/// 401, with the challenge of Basic (section 5.2).
fn invalid_client() -> Problem {
    let detail = "The client is unknown, or its secret is missing or wrong.";
    Problem::new(StatusCode::UNAUTHORIZED, "invalid_client", detail)
        .header(WWW_AUTHENTICATE, "Basic realm=\"sso\"")
}
