//! `POST /oauth/device`: device authorization (RFC 8628), for the first-party client.

use actix_web::{
    HttpRequest, HttpResponse,
    web::{Data, Payload},
};
use serde::Serialize;
use service_runtime::http::Result;
use url::form_urlencoded;
use utoipa::ToSchema;

use super::{client_credentials::authenticate_client, errors::refused, form::OAuthForm};
use crate::{
    http::{
        auth::credentials::client_of,
        wire::{
            query::{NoParameters, QueryString},
            response::private,
        },
    },
    oidc::{OidcProvider, POLL_INTERVAL},
    site::{DEVICE_PATH, Site},
};

/// The answer (section 3.2).
#[derive(Serialize, ToSchema)]
pub(in crate::http) struct DeviceResponse<'a> {
    device_code: &'a str,
    user_code: String,
    verification_uri: String,
    verification_uri_complete: String,
    /// In seconds, as the next one.
    expires_in: i64,
    interval: i64,
}

/// Gives a device the code that its user types in a browser.
pub(in crate::http) async fn authorize_device(
    _: QueryString<NoParameters>,
    request: HttpRequest,
    body: Payload,
    provider: Data<OidcProvider>,
    site: Data<Site>,
) -> Result<HttpResponse> {
    let mut form = OAuthForm::read(&request, body).await?;
    let client = authenticate_client(request.headers(), &mut form, &provider).await?;
    if !client.id.is_first_party() {
        let description = "Only kubectl-sso may use this; other clients use the code flow.";
        return Err(refused("unauthorized_client", description));
    }
    let device = provider.add_device(&client_of(&request)).await?;
    let user_code = device.user_code.to_string();
    let verification_uri = format!("{}{DEVICE_PATH}", site.origin().as_str());
    let query = form_urlencoded::Serializer::new(String::new())
        .append_pair("user_code", &user_code)
        .finish();
    Ok(private(&DeviceResponse {
        device_code: device.device_code.expose(),
        user_code,
        verification_uri_complete: format!("{verification_uri}?{query}"),
        verification_uri,
        expires_in: device.expires_in.num_seconds(),
        interval: POLL_INTERVAL.num_seconds(),
    }))
}
