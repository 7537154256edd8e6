//! `POST /auth/validate`: the hot path, which waits for nothing but its own body.

use actix_web::{
    HttpRequest, HttpResponse,
    web::{Data, Payload},
};
use serde::Deserialize;
use service_runtime::{
    http::{Problem, Query, RequestContext, Result},
    telemetry::RequestSpan,
};
use shared_types::{AskedPermission, BearerToken, InvalidPermission};
use utoipa::ToSchema;

use crate::{
    authority::SessionAuthority,
    http::{
        caller::credential::{header_token, required, token_of},
        wire::{
            body_faults::BodyFaults,
            json::read_optional_json,
            member::Member,
            query::QueryString,
            response::private_json,
            source::source,
            validation::{USUAL_VALIDATION_BYTES, write_validation},
        },
    },
    site::Site,
};

/// The permission that a token is asked for.
pub(in crate::http) struct ValidateQuery {
    permission: Option<AskedPermission>,
}

/// The body of a validation. Without it, the token is in the header or the cookie.
#[derive(Deserialize, ToSchema)]
pub(in crate::http) struct ValidateRequest {
    #[serde(default)]
    #[schema(value_type = String)]
    session_token: Member<String>,
}

/// Shows the holder of a valid token, if the token has the permission that is asked for.
pub(in crate::http) async fn validate(
    QueryString(query): QueryString<ValidateQuery>,
    request: HttpRequest,
    body: Payload,
    authority: Data<SessionAuthority>,
    site: Data<Site>,
) -> Result<HttpResponse> {
    let body: Option<ValidateRequest> = read_optional_json(&request, body).await?;
    let token = match body.map(ValidateRequest::token).transpose()?.flatten() {
        None => token_of(&request, &authority, &site).await?,
        Some(_) if header_token(&request)?.is_some() => return Err(two_tokens()),
        Some(token) => Some(token),
    };
    let context = RequestContext::of(&request);
    let permission = query.permission.as_ref();
    let holder = authority.validate(&required(token)?, permission, source(&context)).await?;
    RequestSpan::current().record_user_for_debugging(&holder.account.username);
    let mut json = Vec::with_capacity(USUAL_VALIDATION_BYTES);
    write_validation(&mut json, &holder)?;
    Ok(private_json(json))
}

impl TryFrom<Query> for ValidateQuery {
    type Error = Problem;

    fn try_from(mut query: Query) -> Result<Self> {
        let parsed = query.take("permission").map(|text| text.parse());
        let permission = parsed.transpose().unwrap_or_else(|fault: InvalidPermission| {
            query.faults().refuse("permission", fault.to_string());
            None
        });
        query.finish().map(|()| Self { permission })
    }
}

impl ValidateRequest {
    fn token(self) -> Result<Option<BearerToken>> {
        let mut faults = BodyFaults::default();
        let token = faults.optional_text("session_token", self.session_token);
        let token = faults.finish(|| Some(token))?;
        Ok(token.map(|token| BearerToken::parse(token.as_bytes())).transpose()?)
    }
}

fn two_tokens() -> Problem {
    Problem::invalid_request("The header and the body both contain a token.")
}
