//! The errors of use cases as problems: the one place that decides their status and code.

mod administration;
mod upstream;

use std::time::Duration;

use actix_web::http::{StatusCode, header};
use service_runtime::http::Problem;
use shared_types::FieldFault;

use super::wire::body_faults::{BodyFaults, member_fault};
use crate::{
    accounts::{MailRequestError, OwnPasswordError, PasswordResetError, RegisterError},
    authority::{LoginError, RefreshError, TokenRefusal},
    store::{ResetError, StoreError, Unavailable, VerifyEmailError},
    users::HashError,
};

impl From<BodyFaults> for Problem {
    fn from(faults: BodyFaults) -> Self {
        refused("invalid_value", faults.into_faults())
    }
}

impl From<TokenRefusal> for Problem {
    fn from(refusal: TokenRefusal) -> Self {
        match refusal {
            TokenRefusal::InvalidToken => Self::invalid_token(),
            TokenRefusal::SessionRequired => session_required(),
            TokenRefusal::Denied(asked) => Self::permission_denied(&asked),
            TokenRefusal::Unknown => Self::unavailable(
                "store_unavailable",
                "The database does not answer: the token cannot be checked. Try again.",
            ),
        }
    }
}

impl From<LoginError> for Problem {
    fn from(error: LoginError) -> Self {
        match error {
            LoginError::InvalidCredentials => invalid_credentials(),
            LoginError::EmailUnverified => email_unverified(),
            LoginError::TooManyAttempts { retry_after } => too_many_attempts(retry_after),
            LoginError::TooManySessions(_) => Self::unavailable(
                "too_many_sessions",
                "The limit of sessions is reached; try again later.",
            ),
            LoginError::Hash(error) => error.into(),
            LoginError::Store(error) => error.into(),
            LoginError::Random(error) => Self::internal(error),
        }
    }
}

impl From<RefreshError> for Problem {
    fn from(error: RefreshError) -> Self {
        match error {
            RefreshError::InvalidToken => Self::invalid_token(),
            RefreshError::Reused(_) => refresh_reused(),
            RefreshError::TooSoon(wait) => refreshed_too_soon(wait),
            RefreshError::Store(error) => error.into(),
            RefreshError::Random(error) => Self::internal(error),
        }
    }
}

impl From<RegisterError> for Problem {
    fn from(error: RegisterError) -> Self {
        match error {
            RegisterError::Closed => Self::new(
                StatusCode::FORBIDDEN,
                "registration_closed",
                "Registration is closed: administrators create the accounts.",
            ),
            RegisterError::EmailMissing => refused_member("email", &"is missing"),
            RegisterError::Password(fault) => refused_member("password", &fault),
            RegisterError::TooMany { retry_after } => too_many_attempts(retry_after),
            RegisterError::Hash(error) => error.into(),
            RegisterError::Create(error) => error.into(),
        }
    }
}

impl From<OwnPasswordError> for Problem {
    fn from(error: OwnPasswordError) -> Self {
        match error {
            OwnPasswordError::New(fault) => refused_member("new_password", &fault),
            OwnPasswordError::Wrong => wrong_password(),
            OwnPasswordError::TooManyAttempts { retry_after } => too_many_attempts(retry_after),
            OwnPasswordError::SessionOver => Self::invalid_token(),
            OwnPasswordError::Hash(error) => error.into(),
            OwnPasswordError::Store(error) => error.into(),
        }
    }
}

impl From<PasswordResetError> for Problem {
    fn from(error: PasswordResetError) -> Self {
        match error {
            PasswordResetError::Reset(ResetError::InvalidLink) => {
                let fault = "is unknown, was used, or is not valid any more";
                refused("invalid_link", vec![member_fault("token", fault)])
            }
            PasswordResetError::Reset(ResetError::Store(error)) => error.into(),
            PasswordResetError::Password(fault) => refused_member("new_password", &fault),
            PasswordResetError::Hash(error) => error.into(),
        }
    }
}

impl From<MailRequestError> for Problem {
    fn from(error: MailRequestError) -> Self {
        match error {
            MailRequestError::Verify(VerifyEmailError::WrongCode) => {
                let fault = "is wrong or not valid any more";
                refused("invalid_code", vec![member_fault("code", fault)])
            }
            MailRequestError::Verify(VerifyEmailError::EmailTaken) => {
                let detail = "Another user has verified this e-mail address.";
                Self::new(StatusCode::CONFLICT, "email_taken", detail)
            }
            MailRequestError::Verify(VerifyEmailError::Unavailable(error))
            | MailRequestError::Unavailable(error) => error.into(),
            MailRequestError::TooMany { retry_after } => {
                let detail = "There were too many requests; try again later.";
                Self::too_many_requests("too_many_attempts", detail, retry_after)
            }
            MailRequestError::Busy(error) => error.into(),
        }
    }
}

impl From<HashError> for Problem {
    fn from(error: HashError) -> Self {
        match error {
            HashError::Busy => Self::unavailable(
                "busy",
                "Too many passwords are being checked; yours was not checked. Try again.",
            ),
            error => Self::internal(error),
        }
    }
}

impl From<StoreError> for Problem {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Unavailable(error) => error.into(),
            error @ StoreError::Corrupt { .. } => Self::internal(error),
        }
    }
}

impl From<Unavailable> for Problem {
    fn from(error: Unavailable) -> Self {
        let detail = "The database does not answer; a change may not have been saved. Try again.";
        Self::unavailable("store_unavailable", detail).caused_by(error)
    }
}

/// 422, for faults of members of the body.
pub(super) fn refused(code: &'static str, faults: Vec<FieldFault>) -> Problem {
    Problem::new(StatusCode::UNPROCESSABLE_ENTITY, code, "A value in the body is refused.")
        .with_errors(faults)
}

/// 422 `invalid_value`, for one member of the body.
pub(super) fn refused_member(name: &str, fault: &impl ToString) -> Problem {
    refused("invalid_value", vec![member_fault(name, fault.to_string())])
}

/// 404, for a user name in the path that no user can have.
pub(super) fn no_such_user() -> Problem {
    Problem::not_found("user_not_found", "User not found.")
}

/// 404, for a role name in the path that no role can have.
pub(super) fn no_such_role() -> Problem {
    Problem::not_found("role_not_found", "Role not found.")
}

/// 403 and not 401: the key is valid, and another log-in would not help.
fn session_required() -> Problem {
    Problem::new(
        StatusCode::FORBIDDEN,
        "session_required",
        "This needs a session: an API key has no session and no account.",
    )
}

/// Another holder may have used the token: the user has to log in again.
fn refresh_reused() -> Problem {
    Problem::new(
        StatusCode::UNAUTHORIZED,
        "refresh_reused",
        "The refresh token was used before; its session has been ended. Log in again.",
    )
    .header(header::WWW_AUTHENTICATE, "Bearer realm=\"sso\", error=\"invalid_token\"")
}

fn refreshed_too_soon(wait: Duration) -> Problem {
    let detail = "The session was renewed a moment ago; use those tokens, or try again later.";
    Problem::too_many_requests("refreshed_too_soon", detail, wait)
}

fn too_many_attempts(wait: Duration) -> Problem {
    let detail = "Too many log-ins have failed; try again later.";
    Problem::too_many_requests("too_many_attempts", detail, wait)
}

fn invalid_credentials() -> Problem {
    Problem::new(
        StatusCode::UNAUTHORIZED,
        "invalid_credentials",
        "The user name or the password is wrong, or the user may not log in.",
    )
    .header(header::WWW_AUTHENTICATE, "Bearer realm=\"sso\"")
}

/// 403 without a challenge: the password is right, and another one would not help.
fn email_unverified() -> Problem {
    Problem::new(
        StatusCode::FORBIDDEN,
        "email_unverified",
        "Verify your e-mail address with the code that was sent there, then log in.",
    )
}

/// 403 without a challenge: the session is still valid. After a 401 a client would log its user
/// out because of a typing error.
fn wrong_password() -> Problem {
    Problem::new(
        StatusCode::FORBIDDEN,
        "invalid_credentials",
        "The current password is wrong; nothing was changed.",
    )
    .with_errors(vec![member_fault("current_password", "is wrong")])
}

/// The message of an error as a sentence.
pub(super) fn sentence(error: &impl ToString) -> String {
    let message = error.to_string();
    let mut characters = message.chars();
    let first = characters.next().map(|first| first.to_uppercase().to_string());
    format!("{}{}.", first.unwrap_or_default(), characters.as_str())
}

#[cfg(test)]
mod tests {
    use actix_web::ResponseError;

    use super::*;
    use crate::store::TooManySessions;

    #[test]
    fn an_undecided_log_in_has_retry_after() {
        for (error, code) in [
            (LoginError::Hash(HashError::Busy), "busy"),
            (LoginError::TooManySessions(TooManySessions), "too_many_sessions"),
            (LoginError::Store(Unavailable::Silent.into()), "store_unavailable"),
        ] {
            let problem = Problem::from(error);
            assert_eq!(problem.code(), code);
            let answer = problem.error_response();
            assert_eq!(answer.status(), StatusCode::SERVICE_UNAVAILABLE);
            let retry_after = answer.headers().get(header::RETRY_AFTER).unwrap();
            assert_eq!(retry_after, "1");
        }
    }
}
