//! What is said about whoever holds a valid token.
//!
//! It is said more often than anything else, and most of it is the same for every token of a user.
//! That part is spelled once for as long as the account stays as it is.

use service_runtime::http::{Problem, Result};
use shared_types::{Identity, TokenTerms, Validation};

use crate::{authority::Holder, users::Account};

/// What a validation usually takes, generously, so that it is written without moving it.
pub(in crate::http) const USUAL_VALIDATION_BYTES: usize = 512;

/// The answer of `POST /auth/validate`.
pub(in crate::http) fn validation(holder: &Holder) -> Validation<'_> {
    Validation { identity: identity(&holder.account), token: terms(holder) }
}

/// The same as JSON, at the end of what is written already.
///
/// # Errors
/// None that is known: these values have a JSON.
pub(in crate::http) fn write_validation(json: &mut Vec<u8>, holder: &Holder) -> Result<()> {
    json.push(b'{');
    write_members(json, holder)
}

/// The same within an object that has members already.
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
