//! The answer about a valid token.
//!
//! It is the most frequent answer, and most of it is the same for every token of a user. That part
//! is serialised once and kept until the account changes.

use service_runtime::http::{Problem, Result};
use shared_types::{Identity, TokenTerms, Validation};

use crate::{authority::Holder, users::Account};

/// A generous estimate of the size of an answer, so that its buffer need not grow.
pub(in crate::http) const USUAL_VALIDATION_BYTES: usize = 512;

/// The answer of `POST /auth/validate`.
pub(in crate::http) fn validation(holder: &Holder) -> Validation<'_> {
    Validation { identity: identity(&holder.account), token: terms(holder) }
}

/// Appends the same as JSON.
///
/// # Errors
/// None is known: these values can be serialised.
pub(in crate::http) fn write_validation(json: &mut Vec<u8>, holder: &Holder) -> Result<()> {
    json.push(b'{');
    write_members(json, holder)
}

/// Appends its members and the closing brace, for an object that was begun.
pub(in crate::http) fn write_members(json: &mut Vec<u8>, holder: &Holder) -> Result<()> {
    let account = &*holder.account;
    let spelled = account.spelling.or_spell(|| serde_json::to_string(&identity(account)));
    let identity = spelled.map_err(Problem::internal)?;
    json.extend_from_slice(&identity.as_bytes()[1..identity.len() - 1]);
    let comma = json.len();
    serde_json::to_writer(&mut *json, &terms(holder)).map_err(Problem::internal)?;
    // Two objects are one when the second goes on where the first would have ended.
    json[comma] = b',';
    Ok(())
}

fn identity(account: &Account) -> Identity<'_> {
    Identity {
        success: true,
        authorized: true,
        username: &account.username,
        user_id: account.user_id,
        roles: &account.roles,
        permissions: account.permissions.spelled(),
    }
}

fn terms(holder: &Holder) -> TokenTerms {
    TokenTerms {
        session_id: holder.session_id,
        issued_at: holder.issued_at,
        expires_at: holder.expires_at,
    }
}
