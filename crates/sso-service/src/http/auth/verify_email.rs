//! `POST /auth/verify-email` and `POST /auth/verify-email/send`.

use actix_web::{HttpRequest, HttpResponse, web::Data};
use serde::Deserialize;
use service_runtime::http::{RequestContext, Result};
use utoipa::ToSchema;

use crate::{
    accounts::Accounts,
    http::wire::{
        body_faults::BodyFaults, json::JsonBody, member::Member, response::no_content,
        source::source,
    },
    mail::VerificationCode,
    users::Username,
};

/// The body with a code that was sent to the address of a user.
#[derive(Deserialize, ToSchema)]
pub(in crate::http) struct VerifyEmailRequest {
    #[serde(default)]
    #[schema(value_type = String, required = true)]
    username: Member<String>,
    /// Six digits.
    #[serde(default)]
    #[schema(value_type = String, required = true)]
    code: Member<String>,
}

/// The body of a request for another code.
#[derive(Deserialize, ToSchema)]
pub(in crate::http) struct SendCodeRequest {
    #[serde(default)]
    #[schema(value_type = String, required = true)]
    username: Member<String>,
}

/// Verifies the address of a user by a code.
pub(in crate::http) async fn verify(
    JsonBody(body): JsonBody<VerifyEmailRequest>,
    request: HttpRequest,
    accounts: Data<Accounts>,
) -> Result<HttpResponse> {
    let TypedCode { username, code } = body.try_into()?;
    accounts.verify_email(username, code, source(&RequestContext::of(&request))).await?;
    Ok(no_content())
}

/// Has another code sent to a user whose address is not verified, if there is one.
pub(in crate::http) async fn send(
    JsonBody(body): JsonBody<SendCodeRequest>,
    request: HttpRequest,
    accounts: Data<Accounts>,
) -> Result<HttpResponse> {
    let username: Username = body.try_into()?;
    accounts.send_code(username, source(&RequestContext::of(&request))).await?;
    Ok(no_content())
}

struct TypedCode {
    username: Username,
    code: VerificationCode,
}

impl TryFrom<VerifyEmailRequest> for TypedCode {
    type Error = BodyFaults;

    fn try_from(request: VerifyEmailRequest) -> Result<Self, BodyFaults> {
        let mut faults = BodyFaults::default();
        let username = faults.required("username", request.username);
        let code = faults.required("code", request.code);
        faults.finish(|| Some(Self { username: username?, code: code? }))
    }
}

impl TryFrom<SendCodeRequest> for Username {
    type Error = BodyFaults;

    fn try_from(request: SendCodeRequest) -> Result<Self, BodyFaults> {
        let mut faults = BodyFaults::default();
        let username = faults.required("username", request.username);
        faults.finish(|| username)
    }
}
