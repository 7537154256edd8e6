//! `GET` and `POST /admin/clients`; `PATCH` and `DELETE /admin/clients/{client_id}`.

use actix_web::{
    HttpResponse,
    web::{Data, Path},
};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use service_runtime::http::{Authenticated, Result};
use utoipa::ToSchema;
use uuid::Uuid;

use super::page::{PageQuery, list_response};
use crate::{
    administration::{Administration, AdministrationError, RequestedClient},
    http::{
        caller::administrator::Administrator,
        error::refused_member,
        wire::{
            body_faults::{BodyFaults, TextList},
            json::JsonBody,
            member::Member,
            query::{NoParameters, QueryString},
            response::{no_content, private, private_in},
        },
    },
    oauth::SigningKeys,
    oidc::{ClientId, ClientSettings, ClientUpdate, OidcClient, RandomText},
    signing_keys::SigningAlgorithm,
};

/// How many addresses of a kind a client may have.
const MAX_URIS: usize = 32;

/// The body of a new client, or of changes of one.
#[derive(Deserialize, ToSchema)]
pub(in crate::http) struct ClientRequest {
    #[serde(default)]
    #[schema(value_type = String)]
    name: Member<String>,
    #[serde(default)]
    #[schema(value_type = Vec<String>)]
    redirect_uris: Member<TextList>,
    #[serde(default)]
    #[schema(value_type = Vec<String>)]
    post_logout_redirect_uris: Member<TextList>,
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    backchannel_logout_uri: Member<String>,
    /// For a new client only.
    #[serde(default)]
    #[schema(value_type = bool)]
    public: Member<bool>,
    #[serde(default)]
    #[schema(value_type = Vec<String>)]
    roles: Member<TextList>,
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    id_token_alg: Member<String>,
}

/// A new client: the one answer that holds its secret.
#[derive(Serialize, ToSchema)]
pub(in crate::http) struct CreatedClientResponse<'a> {
    /// Absent for a public client.
    #[serde(skip_serializing_if = "Option::is_none")]
    client_secret: Option<&'a str>,
    #[serde(flatten)]
    details: ClientResponse,
}

/// A client.
#[derive(Serialize, ToSchema)]
pub(in crate::http) struct ClientResponse {
    #[schema(value_type = Uuid)]
    client_id: ClientId,
    name: String,
    redirect_uris: Vec<String>,
    post_logout_redirect_uris: Vec<String>,
    backchannel_logout_uri: Option<String>,
    public: bool,
    roles: Vec<String>,
    id_token_alg: Option<&'static str>,
    created_by: String,
    created_at: DateTime<Utc>,
}

/// Lists clients, the oldest first.
pub(in crate::http) async fn list(
    _: Authenticated<Administrator>,
    QueryString(PageQuery(part)): QueryString<PageQuery<Uuid>>,
    administration: Data<Administration>,
) -> Result<HttpResponse> {
    let page = administration.clients(&part).await?;
    Ok(list_response("clients", page.map(ClientResponse::from)))
}

/// Creates a client.
pub(in crate::http) async fn create(
    Authenticated(mut admin): Authenticated<Administrator>,
    JsonBody(body): JsonBody<ClientRequest>,
    administration: Data<Administration>,
    keys: Data<SigningKeys>,
) -> Result<HttpResponse> {
    let wish: RequestedClient = body.try_into()?;
    check_algorithm(wish.settings.id_token_alg, &keys)?;
    let (secret, client) = administration.create_client(admin.actor().await?, wish).await?;
    let client_secret = secret.as_ref().map(RandomText::expose);
    let answer = CreatedClientResponse { client_secret, details: client.into() };
    Ok(private_in(HttpResponse::Created(), &answer))
}

/// Changes a client.
pub(in crate::http) async fn update(
    Authenticated(mut admin): Authenticated<Administrator>,
    id: Path<String>,
    JsonBody(body): JsonBody<ClientRequest>,
    administration: Data<Administration>,
    keys: Data<SigningKeys>,
) -> Result<HttpResponse> {
    let id = id.parse().map_err(|_| AdministrationError::NoSuchClient)?;
    let update: ClientUpdate = body.try_into()?;
    check_algorithm(update.id_token_alg.flatten(), &keys)?;
    let client = administration.update_client(admin.actor().await?, id, update).await?;
    Ok(private(&ClientResponse::from(client)))
}

/// Deletes a client.
pub(in crate::http) async fn delete(
    Authenticated(mut admin): Authenticated<Administrator>,
    _: QueryString<NoParameters>,
    id: Path<String>,
    administration: Data<Administration>,
) -> Result<HttpResponse> {
    let id = id.parse().map_err(|_| AdministrationError::NoSuchClient)?;
    administration.delete_client(admin.actor().await?, id).await?;
    Ok(no_content())
}

/// 422 for an algorithm that the service has no key for.
fn check_algorithm(algorithm: Option<SigningAlgorithm>, keys: &SigningKeys) -> Result<()> {
    if algorithm == Some(SigningAlgorithm::Rs256) && keys.rsa_public_key().is_none() {
        return Err(refused_member("id_token_alg", &"needs SSO_SIGNING_RSA_KEY"));
    }
    Ok(())
}

impl TryFrom<ClientRequest> for RequestedClient {
    type Error = BodyFaults;

    fn try_from(request: ClientRequest) -> Result<Self, BodyFaults> {
        let mut faults = BodyFaults::default();
        let name = faults.required("name", request.name);
        let redirect_uris = faults.required_list("redirect_uris", request.redirect_uris);
        let redirect_uris = faults.bounded("redirect_uris", redirect_uris, 1..=MAX_URIS);
        let name_of = "post_logout_redirect_uris";
        let after_log_out = faults.optional_list(name_of, request.post_logout_redirect_uris);
        let after_log_out = faults.bounded(name_of, after_log_out, 0..=MAX_URIS);
        let backchannel = faults.nullable("backchannel_logout_uri", request.backchannel_logout_uri);
        let public = faults.optional_flag("public", request.public);
        let roles = faults.optional_list("roles", request.roles);
        let algorithm = faults.nullable("id_token_alg", request.id_token_alg);
        faults.finish(|| {
            let settings = ClientSettings {
                name: name?,
                redirect_uris: redirect_uris?,
                post_logout_redirect_uris: after_log_out.unwrap_or_default(),
                backchannel_logout_uri: backchannel.flatten(),
                roles: roles.unwrap_or_default(),
                id_token_alg: algorithm.flatten(),
            };
            Some(Self { settings, is_public: public.unwrap_or_default() })
        })
    }
}

impl TryFrom<ClientRequest> for ClientUpdate {
    type Error = BodyFaults;

    fn try_from(request: ClientRequest) -> Result<Self, BodyFaults> {
        let mut faults = BodyFaults::default();
        let name = faults.optional("name", request.name);
        let redirect_uris = faults.optional_list("redirect_uris", request.redirect_uris);
        let redirect_uris = faults.bounded("redirect_uris", redirect_uris, 1..=MAX_URIS);
        let name_of = "post_logout_redirect_uris";
        let after_log_out = faults.optional_list(name_of, request.post_logout_redirect_uris);
        let post_logout_redirect_uris = faults.bounded(name_of, after_log_out, 0..=MAX_URIS);
        let backchannel_logout_uri =
            faults.nullable("backchannel_logout_uri", request.backchannel_logout_uri);
        faults.fixed("public", &request.public);
        let roles = faults.optional_list("roles", request.roles);
        let id_token_alg = faults.nullable("id_token_alg", request.id_token_alg);
        faults.finish(|| {
            Some(Self {
                name,
                redirect_uris,
                post_logout_redirect_uris,
                backchannel_logout_uri,
                roles,
                id_token_alg,
            })
        })
    }
}

impl From<OidcClient> for ClientResponse {
    fn from(client: OidcClient) -> Self {
        let is_public = client.is_public();
        let settings = client.settings;
        Self {
            client_id: client.id,
            name: settings.name.to_string(),
            redirect_uris: texts(&settings.redirect_uris),
            post_logout_redirect_uris: texts(&settings.post_logout_redirect_uris),
            backchannel_logout_uri: settings
                .backchannel_logout_uri
                .map(|uri| uri.as_str().to_owned()),
            public: is_public,
            roles: texts(&settings.roles),
            id_token_alg: settings.id_token_alg.map(SigningAlgorithm::as_str),
            created_by: client.created_by,
            created_at: client.created_at,
        }
    }
}

fn texts(items: &[impl ToString]) -> Vec<String> {
    items.iter().map(ToString::to_string).collect()
}
