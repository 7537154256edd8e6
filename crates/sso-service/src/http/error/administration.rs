//! The errors of administration as problems.

use actix_web::http::StatusCode;
use service_runtime::http::Problem;

use super::{refused, refused_member, sentence};
use crate::{
    administration::AdministrationError,
    http::wire::body_faults::member_fault,
    store::{ChangeError, ClientError, CreateUserError, GrantError, KeyError},
};

impl From<AdministrationError> for Problem {
    fn from(error: AdministrationError) -> Self {
        match error {
            AdministrationError::Refused(refusal) => refusal.into(),
            AdministrationError::NoSuchUser(_) => not_found("user_not_found", &error),
            AdministrationError::NoSuchGrant => not_found("grant_not_found", &error),
            AdministrationError::NoSuchKey | AdministrationError::NoKeyNamed(_) => {
                not_found("key_not_found", &error)
            }
            AdministrationError::NoSuchClient | AdministrationError::NoClientNamed(_) => {
                not_found("client_not_found", &error)
            }
            AdministrationError::Client(error) => error.into(),
            AdministrationError::Past => refused_member("expires_at", &error),
            AdministrationError::Password(fault) => refused_member("password", &fault),
            AdministrationError::Hash(error) => error.into(),
            AdministrationError::Create(error) => error.into(),
            AdministrationError::Change(error) => error.into(),
            AdministrationError::Grant(error) => error.into(),
            AdministrationError::Key(error) => error.into(),
            AdministrationError::Random(error) => Self::internal(error),
            // Only a shell mints sessions.
            error @ (AdministrationError::Mint(_) | AdministrationError::HandOut(_)) => {
                Self::internal(error)
            }
            AdministrationError::Store(error) => error.into(),
        }
    }
}

impl From<CreateUserError> for Problem {
    fn from(error: CreateUserError) -> Self {
        match error {
            CreateUserError::NameTaken(_) => conflict("username_taken", &error),
            CreateUserError::EmailTaken => conflict("email_taken", &error),
            CreateUserError::UnknownRole(_) => unknown_role(&error),
            CreateUserError::Unavailable(error) => error.into(),
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
            ChangeError::NoPassword => conflict("no_password", &error),
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
                refused("unknown_user", vec![member_fault("username", error.to_string())])
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

impl From<ClientError> for Problem {
    fn from(error: ClientError) -> Self {
        match error {
            ClientError::NoSuchClient => not_found("client_not_found", &error),
            ClientError::NameTaken(_) => conflict("client_name_taken", &error),
            ClientError::UnknownRole(_) => unknown_role(&error),
            ClientError::Unavailable(error) => error.into(),
        }
    }
}

fn unknown_role(error: &impl ToString) -> Problem {
    refused("unknown_role", vec![member_fault("roles", error.to_string())])
}

fn not_found(code: &'static str, error: &impl ToString) -> Problem {
    Problem::not_found(code, sentence(error))
}

fn conflict(code: &'static str, error: &impl ToString) -> Problem {
    Problem::new(StatusCode::CONFLICT, code, sentence(error))
}
