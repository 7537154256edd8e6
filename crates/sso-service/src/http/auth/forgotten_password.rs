//! `POST /auth/password/forgot` and `POST /auth/password/reset`.

use actix_web::{HttpRequest, HttpResponse, web::Data};
use serde::Deserialize;
use service_runtime::http::{RequestContext, Result};
use utoipa::ToSchema;
use zeroize::Zeroizing;

use crate::{
    accounts::Accounts,
    http::wire::{
        body_faults::BodyFaults, json::JsonBody, member::Member, response::no_content,
        source::source,
    },
    users::{Email, Password},
};

/// The body of a request for a link to a new password.
#[derive(Deserialize, ToSchema)]
pub(in crate::http) struct ForgotPasswordRequest {
    #[serde(default)]
    #[schema(value_type = String, required = true)]
    email: Member<String>,
}

/// The body of a new password by a link.
#[derive(Deserialize, ToSchema)]
pub(in crate::http) struct ResetPasswordRequest {
    /// The parameter `token` of the link.
    #[serde(default)]
    #[schema(value_type = String, required = true, format = Password)]
    token: Member<String>,
    #[serde(default)]
    #[schema(value_type = String, required = true, format = Password)]
    new_password: Member<String>,
}

/// Has a link to a new password sent to the user of an address, if there is one.
pub(in crate::http) async fn forgot(
    JsonBody(body): JsonBody<ForgotPasswordRequest>,
    request: HttpRequest,
    accounts: Data<Accounts>,
) -> Result<HttpResponse> {
    let email: Email = body.try_into()?;
    accounts.send_reset_link(email, source(&RequestContext::of(&request))).await?;
    Ok(no_content())
}

/// Gives the user of a link a new password.
pub(in crate::http) async fn reset(
    JsonBody(body): JsonBody<ResetPasswordRequest>,
    request: HttpRequest,
    accounts: Data<Accounts>,
) -> Result<HttpResponse> {
    let TypedReset { token, password } = body.try_into()?;
    accounts.reset_password(&token, password, source(&RequestContext::of(&request))).await?;
    Ok(no_content())
}

struct TypedReset {
    token: Zeroizing<String>,
    password: Password,
}

impl TryFrom<ForgotPasswordRequest> for Email {
    type Error = BodyFaults;

    fn try_from(request: ForgotPasswordRequest) -> Result<Self, BodyFaults> {
        let mut faults = BodyFaults::default();
        let email = faults.required("email", request.email);
        faults.finish(|| email)
    }
}

impl TryFrom<ResetPasswordRequest> for TypedReset {
    type Error = BodyFaults;

    fn try_from(request: ResetPasswordRequest) -> Result<Self, BodyFaults> {
        let mut faults = BodyFaults::default();
        let token = faults.required_text("token", request.token);
        let password = faults.required("new_password", request.new_password);
        faults.finish(|| Some(Self { token: token?, password: password? }))
    }
}
