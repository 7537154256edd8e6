//! Beginning a session that another one vouches for.

use chrono::DateTime;
use service_runtime::clock::id_at;

use crate::{
    oidc::{VouchedSession, VouchedTokens},
    sessions::{LiveSessions, NewSession, SessionLimits, log_in_millis},
    store::{
        clients::{LiveHolder, SessionFacts},
        errors::VouchError,
        sessions::issue::add_session,
        sql::SqlConnection,
    },
};

/// Begins a session that this one vouches for. It ends when this one would, and its user logged in
/// when the user of this one did.
///
/// # Errors
/// When there are too many sessions, or the database cannot be written.
pub(super) async fn begin_vouched(
    connection: &mut SqlConnection,
    voucher: &SessionFacts,
    holder: LiveHolder,
    tokens: &VouchedTokens,
    limits: SessionLimits,
    live: &LiveSessions,
) -> Result<VouchedSession, VouchError> {
    let logged_in = DateTime::from_timestamp_millis(log_in_millis(voucher.id)).unwrap_or_default();
    let session = NewSession {
        id: id_at(logged_in),
        user: voucher.user,
        epoch: voucher.epoch,
        password_hash: None,
        vouched_by: Some(voucher.number),
        client: tokens.client.clone(),
        token: tokens.token,
        refresh_token: tokens.refresh_token,
        now: tokens.now,
        token_expires_at: tokens.token_expires_at.min(holder.ends_at),
        refresh_expires_at: tokens.refresh_expires_at.min(holder.ends_at),
        ends_at: holder.ends_at,
    };
    let evicted =
        add_session::<VouchError>(connection, &session, voucher.epoch, limits, live).await?;
    Ok(VouchedSession {
        account: holder.account,
        session_id: session.id,
        token_expires_at: session.token_expires_at,
        refresh_expires_at: session.refresh_expires_at,
        evicted,
    })
}
