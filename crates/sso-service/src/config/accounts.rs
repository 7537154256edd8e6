//! Settings about accounts: passwords, registration, failed log-ins, the first administrator.

use std::{convert::Infallible, str::FromStr};

use service_runtime::settings::{Settings, positive};
use zeroize::Zeroizing;

use crate::{
    accounts::Registration,
    limiter::LoginLimits,
    users::{FirstAdmin, MAX_PASSWORD_BYTES, Password, PasswordRules, Username},
};

const ADMIN_USERNAME: &str = "SSO_ADMIN_USERNAME";
const ADMIN_PASSWORD: &str = "SSO_ADMIN_PASSWORD";
const ADMIN_PASSWORD_FILE: &str = "SSO_ADMIN_PASSWORD_FILE";

/// The rules for new passwords.
pub(super) fn password_rules(settings: &mut Settings) -> PasswordRules {
    let min_length = settings.get("SSO_PASSWORD_MIN_LENGTH", password_length).unwrap_or(15);
    PasswordRules { min_length }
}

/// Whether anybody may create an account.
pub(super) fn registration(settings: &mut Settings) -> Registration {
    let parse = |text: &str| match text {
        "closed" => Ok(Registration::Closed),
        "open" => Ok(Registration::Open),
        _ => Err("must be closed or open"),
    };
    settings.get("SSO_REGISTRATION", parse).unwrap_or(Registration::Closed)
}

/// How many log-ins may fail in a minute.
pub(super) fn login_limits(settings: &mut Settings) -> LoginLimits {
    LoginLimits {
        per_network: settings.get("SSO_LOGIN_FAILURES_PER_IP", limit).unwrap_or(30),
        per_account: settings.get("SSO_LOGIN_FAILURES_PER_USER", limit).unwrap_or(10),
    }
}

/// The administrator to create when there is none. Name and password are set together or not at
/// all.
pub(super) fn first_admin(settings: &mut Settings, rules: PasswordRules) -> Option<FirstAdmin> {
    let is_password_set = settings.has(ADMIN_PASSWORD) || settings.has(ADMIN_PASSWORD_FILE);
    let name = settings.text(ADMIN_USERNAME);
    let text = settings
        .get_or_file(ADMIN_PASSWORD, |text| Ok::<_, Infallible>(Zeroizing::new(text.to_owned())));
    match (name, text) {
        (Some(name), Some(text)) => parse_admin(settings, rules, &name, &text),
        (Some(_), None) if !is_password_set => {
            settings.fault(ADMIN_PASSWORD, "is not set, but SSO_ADMIN_USERNAME is");
            None
        }
        (None, Some(_)) => {
            settings.fault(ADMIN_USERNAME, "is not set, but SSO_ADMIN_PASSWORD is");
            None
        }
        // Neither is set, or the password's own fault has been recorded.
        (_, None) => None,
    }
}

fn parse_admin(
    settings: &mut Settings,
    rules: PasswordRules,
    name: &str,
    text: &str,
) -> Option<FirstAdmin> {
    let username =
        Username::from_str(name).map_err(|fault| settings.fault(ADMIN_USERNAME, fault)).ok()?;
    let password = Password::normalise(text)
        .and_then(|password| rules.check(&password, &username).map(|()| password))
        .map_err(|fault| settings.fault(ADMIN_PASSWORD, fault))
        .ok()?;
    Some(FirstAdmin { username, password })
}

/// 0: no limit.
fn limit(text: &str) -> Result<u32, &'static str> {
    text.parse().map_err(|_| "must be an integer from 0 to 4294967295")
}

fn password_length(text: &str) -> Result<usize, &'static str> {
    let length = positive(text)?;
    if length > MAX_PASSWORD_BYTES {
        return Err("must be at most 1024, the limit of a password in bytes");
    }
    Ok(length)
}
