//! Verifying the address of the user by a code, on the page.

use actix_web::HttpRequest;
use service_runtime::http::{Problem, RequestContext, Result};

use super::{change::Services, show::account_page};
use crate::{
    accounts::MailRequestError,
    http::{
        pages::{error::try_again, page},
        wire::{accept::wants_html, source::source},
    },
    sessions::Principal,
    store::VerifyEmailError,
    users::Username,
};

/// Verifies the address of the user by a code as it was typed.
pub(super) async fn verify_email(
    user: &Principal,
    request: &HttpRequest,
    code: &str,
    services: &Services,
) -> Result<()> {
    let verified = match code.parse() {
        Err(_) => Err(MailRequestError::Verify(VerifyEmailError::WrongCode)),
        Ok(code) => {
            let context = RequestContext::of(request);
            services.accounts.verify_email(username(user)?, code, source(&context)).await
        }
    };
    match verified {
        Ok(()) => Ok(()),
        Err(error) => Err(again(user, request, error, services).await),
    }
}

/// Has another code sent to the user.
pub(super) async fn send_code(
    user: &Principal,
    request: &HttpRequest,
    services: &Services,
) -> Result<()> {
    let context = RequestContext::of(request);
    match services.accounts.send_code(username(user)?, source(&context)).await {
        Ok(()) => Ok(()),
        Err(error) => Err(again(user, request, error, services).await),
    }
}

fn username(user: &Principal) -> Result<Username> {
    user.account.username.parse().map_err(Problem::internal)
}

/// The problem, shown as the page where another attempt can help.
async fn again(
    user: &Principal,
    request: &HttpRequest,
    error: MailRequestError,
    services: &Services,
) -> Problem {
    let Services { authority, accounts, site } = services;
    let fault = words(&error);
    let problem = Problem::from(error);
    if fault.is_some()
        && wants_html(request.headers())
        && let Ok(mut shown) = account_page(user, request, authority, accounts, site).await
    {
        shown.code_fault = fault;
        page::show(&problem, &shown);
    }
    problem
}

fn words(error: &MailRequestError) -> Option<String> {
    match error {
        MailRequestError::Verify(VerifyEmailError::WrongCode) => {
            Some("The code is wrong or not valid any more. Have another one sent.".to_owned())
        }
        MailRequestError::Verify(VerifyEmailError::EmailTaken) => {
            Some("Another user has verified this e-mail address.".to_owned())
        }
        MailRequestError::TooMany { retry_after } => {
            let try_again = try_again(*retry_after);
            Some(format!("There were too many requests. {try_again}."))
        }
        _ => None,
    }
}
