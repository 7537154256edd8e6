//! ID tokens of the provider (OpenID Connect Core 1.0 §3.1.3.7).

use chrono::{DateTime, Utc};
use jsonwebtoken::{Algorithm, DecodingKey, Validation, decode};
use serde_json::{Map, Value};

use super::{claims::UserClaims, error::UpstreamError};

/// How far the clock of the provider may be off, in seconds.
const LEEWAY: i64 = 60;

/// What an ID token has to say.
pub(super) struct ExpectedToken<'a> {
    pub(super) issuer: &'a str,
    pub(super) client_id: &'a str,
    pub(super) nonce: &'a str,
    pub(super) now: DateTime<Utc>,
    /// The user must have logged in at the provider since then.
    pub(super) logged_in_since: Option<DateTime<Utc>>,
}

/// Reads an ID token that is signed with this key of the provider.
///
/// # Errors
/// When the signature is wrong, or it does not say what it has to.
pub(super) fn read_id_token(
    token: &str,
    algorithm: Algorithm,
    key: &DecodingKey,
    expected: &ExpectedToken<'_>,
) -> Result<UserClaims, UpstreamError> {
    let mut validation = Validation::new(algorithm);
    // By our clock, below.
    validation.validate_exp = false;
    validation.validate_aud = false;
    validation.required_spec_claims.clear();
    let decoded = decode::<Map<String, Value>>(token, key, &validation);
    let claims = decoded.map_err(|_| UpstreamError::Invalid("its ID token is not signed by it"))?;
    check(&claims.claims, expected)?;
    Ok(UserClaims(claims.claims))
}

fn check(claims: &Map<String, Value>, expected: &ExpectedToken<'_>) -> Result<(), UpstreamError> {
    let text = |name: &str| claims.get(name).and_then(Value::as_str);
    let seconds = |name: &str| claims.get(name).and_then(Value::as_i64);
    let now = expected.now.timestamp();
    for (is_right, fault) in [
        (text("iss") == Some(expected.issuer), "its ID token names another issuer"),
        (is_for(claims, expected.client_id), "its ID token is for another client"),
        (text("nonce") == Some(expected.nonce), "its ID token belongs to another log-in"),
        (seconds("exp").is_some_and(|end| end + LEEWAY > now), "its ID token has expired"),
        (seconds("iat").is_some_and(|at| at - LEEWAY <= now), "its ID token is of the future"),
        (
            expected.logged_in_since.is_none_or(|since| {
                seconds("auth_time").is_some_and(|at| at + LEEWAY >= since.timestamp())
            }),
            "it did not ask the user to log in again",
        ),
    ] {
        if !is_right {
            return Err(UpstreamError::Invalid(fault));
        }
    }
    Ok(())
}

/// Whether the client is the audience. Among several, it has to be the authorized party.
fn is_for(claims: &Map<String, Value>, client_id: &str) -> bool {
    let party = claims.get("azp").map(|party| party.as_str() == Some(client_id));
    match claims.get("aud") {
        Some(Value::String(audience)) => audience == client_id && party.unwrap_or(true),
        Some(Value::Array(audiences)) => {
            let is_named = audiences.iter().any(|audience| audience.as_str() == Some(client_id));
            is_named && party.unwrap_or(audiences.len() == 1)
        }
        _ => false,
    }
}
