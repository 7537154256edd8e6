//! How a refusal about accounts, or of administration, looks over HTTP.

use actix_web::http::StatusCode;
use service_runtime::http::Problem;

use super::error::too_many_attempts;
use crate::{
    accounts::{OwnPasswordError, RegisterError},
    administration::AdministrationError,
    grants::GrantError,
    http::wire::json_body::{fault_at, refused},
    keys::KeyError,
    users::{ChangeError, CreateError},
};

impl From<RegisterError> for Problem {
    fn from(error: RegisterError) -> Self {
        match error {
            RegisterError::Closed => Self::new(
                StatusCode::FORBIDDEN,
                "registration_closed",
                "Accounts are created by administrators here.",
            ),
            RegisterError::Password(fault) => refused_at("password", &fault),
            RegisterError::TooMany { retry_after } => too_many_attempts(retry_after),
            RegisterError::Hash(error) => error.into(),
            RegisterError::Create(error) => error.into(),
        }
    }
}

impl From<OwnPasswordError> for Problem {
    fn from(error: OwnPasswordError) -> Self {
        match error {
            OwnPasswordError::New(fault) => refused_at("new_password", &fault),
            OwnPasswordError::Wrong => wrong_password(),
            OwnPasswordError::TooManyAttempts { retry_after } => too_many_attempts(retry_after),
            OwnPasswordError::SessionOver => Self::invalid_token(),
            OwnPasswordError::Hash(error) => error.into(),
            OwnPasswordError::Store(error) => error.into(),
        }
    }
}

impl From<AdministrationError> for Problem {
    fn from(error: AdministrationError) -> Self {
        match error {
            AdministrationError::Refused(refusal) => refusal.into(),
            AdministrationError::NoSuchUser(_) => not_found("user_not_found", &error),
            AdministrationError::NoSuchGrant => not_found("grant_not_found", &error),
            AdministrationError::NoSuchKey => not_found("key_not_found", &error),
            AdministrationError::Past => refused_at("expires_at", &error),
            AdministrationError::Password(fault) => refused_at("password", &fault),
            AdministrationError::Hash(error) => error.into(),
            AdministrationError::Create(error) => error.into(),
            AdministrationError::Change(error) => error.into(),
            AdministrationError::Grant(error) => error.into(),
            AdministrationError::Key(error) => error.into(),
            AdministrationError::Random(error) => Self::internal(error),
            AdministrationError::Store(error) => error.into(),
        }
    }
}

impl From<CreateError> for Problem {
    fn from(error: CreateError) -> Self {
        match error {
            CreateError::NameTaken(_) => conflict("username_taken", &error),
            CreateError::EmailTaken => conflict("email_taken", &error),
            CreateError::UnknownRole(_) => unknown_role(&error),
            CreateError::Unavailable(error) => error.into(),
        }
    }
}

impl From<ChangeError> for Problem {
    fn from(error: ChangeError) -> Self {
        match error {
            ChangeError::NoSuchUser(_) => not_found("user_not_found", &error),
            ChangeError::NoSuchRole(_) => not_found("role_not_found", &error),
            ChangeError::LastAdmin => conflict("last_admin", &error),
            ChangeError::EmailTaken => conflict("email_taken", &error),
            ChangeError::BuiltinRole(_) => conflict("builtin_role", &error),
            ChangeError::RoleInUse(_) => conflict("role_in_use", &error),
            ChangeError::UnknownRole(_) => unknown_role(&error),
            ChangeError::Unavailable(error) => error.into(),
        }
    }
}

impl From<GrantError> for Problem {
    fn from(error: GrantError) -> Self {
        match error {
            GrantError::NoSuchUser(_) => {
                refused("unknown_user", vec![fault_at("username", error.to_string())])
            }
            GrantError::Unavailable(error) => error.into(),
        }
    }
}

impl From<KeyError> for Problem {
    fn from(error: KeyError) -> Self {
        match error {
            KeyError::NameTaken(_) => conflict("key_name_taken", &error),
            KeyError::Unavailable(error) => error.into(),
        }
    }
}

/// The user of a path that can be nobody's.
pub(super) fn no_such_user() -> Problem {
    Problem::new(StatusCode::NOT_FOUND, "user_not_found", "There is no such user.")
}

/// The role of a path that can be none.
pub(super) fn no_such_role() -> Problem {
    Problem::new(StatusCode::NOT_FOUND, "role_not_found", "There is no such role.")
}

/// 403 and no challenge: the session is as good as it was. With 401 a client would take it for
/// over, and log its user out for a typing error.
fn wrong_password() -> Problem {
    let fault = fault_at("current_password", "is not your password");
    Problem::new(
        StatusCode::FORBIDDEN,
        "invalid_credentials",
        "The current password is another one; nothing was changed.",
    )
    .with_errors(vec![fault])
}

fn unknown_role(error: &impl ToString) -> Problem {
    refused("unknown_role", vec![fault_at("roles", error.to_string())])
}

fn refused_at(name: &str, fault: &impl ToString) -> Problem {
    refused("invalid_value", vec![fault_at(name, fault.to_string())])
}

fn not_found(code: &'static str, error: &impl ToString) -> Problem {
    Problem::new(StatusCode::NOT_FOUND, code, sentence(error))
}

fn conflict(code: &'static str, error: &impl ToString) -> Problem {
    Problem::new(StatusCode::CONFLICT, code, sentence(error))
}

/// What an error says, as an answer does.
fn sentence(error: &impl ToString) -> String {
    let words = error.to_string();
    let mut characters = words.chars();
    let first = characters.next().map(|first| first.to_uppercase().to_string());
    format!("{}{}.", first.unwrap_or_default(), characters.as_str())
}
