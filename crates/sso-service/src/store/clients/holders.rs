//! The users for whom clients hold something: each exchange and each look judges them anew.

use chrono::{DateTime, Utc};
use uuid::Uuid;

use super::records::client_by_id;
use crate::{
    oidc::ClientId,
    sessions::LiveSessions,
    store::{
        errors::StoreError,
        sql::{FromSqlRow, SqlConnection, SqlRow, instant, query, uuid_from_bytes},
        unavailable::Unavailable,
        users::user_by_number,
    },
    users::Account,
};

/// A session that has not ended by what is in the database.
#[derive(Debug, Clone)]
pub(in crate::store) struct SessionFacts {
    pub(in crate::store) number: i64,
    pub(in crate::store) id: Uuid,
    pub(in crate::store) user: i64,
    pub(in crate::store) epoch: i64,
    pub(in crate::store) ends_at: i64,
}

/// A user with a live session who may use a client.
#[derive(Debug)]
pub(in crate::store) struct LiveHolder {
    pub(in crate::store) account: Account,
    pub(in crate::store) session_id: Uuid,
    /// No token outlives this.
    pub(in crate::store) ends_at: DateTime<Utc>,
}

impl SessionFacts {
    /// The session of this number, unless it is over.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub(in crate::store) async fn find(
        connection: &mut SqlConnection,
        session: i64,
        now: DateTime<Utc>,
    ) -> Result<Option<Self>, sqlx::Error> {
        query(
            "SELECT number, id, user_number, epoch, ends_at FROM live_sessions
             WHERE number = $1 AND ends_at > $2 AND expires_at > $2",
        )
        .bind(session)
        .bind(now.timestamp_millis())
        .fetch_optional(connection)
        .await
    }
}

/// The user of a session, if the user is enabled and has a role of the client. Sessions whose end
/// could not be written yet are not live either.
///
/// # Errors
/// When that cannot be read, or the end of the session is not known to every instance.
pub(in crate::store) async fn judge(
    connection: &mut SqlConnection,
    session: SessionFacts,
    client: ClientId,
    now: DateTime<Utc>,
    live: &LiveSessions,
    shared: bool,
) -> Result<Option<LiveHolder>, StoreError> {
    if live.revoked.has_ended(session.number, session.user, session.epoch) {
        return if shared { Err(Unavailable::Silent.into()) } else { Ok(None) };
    }
    let user = user_by_number(connection, session.user).await?;
    let user = user.filter(|user| !user.disabled && user.epoch == session.epoch);
    let client = client_by_id(connection, client).await?;
    let account = user.zip(client).and_then(|(user, client)| {
        let account = user.account.at(now);
        client.admits(&account).then_some(account)
    });
    let ends_at = instant(session.ends_at)?;
    Ok(account.map(|account| LiveHolder { account, session_id: session.id, ends_at }))
}

/// Whether another session vouched for this one.
///
/// # Errors
/// When the database cannot be read.
pub(in crate::store) async fn is_vouched(
    connection: &mut SqlConnection,
    session: i64,
) -> Result<bool, sqlx::Error> {
    let find = query(
        "SELECT EXISTS (SELECT 1 FROM sessions WHERE number = $1 AND vouched_by IS NOT NULL)",
    );
    find.bind(session).fetch_one(connection).await
}

/// Of a row with the columns of the session under their own names.
impl FromSqlRow for SessionFacts {
    fn from_row(row: &SqlRow) -> Result<Self, sqlx::Error> {
        Ok(Self {
            number: row.get("number")?,
            id: uuid_from_bytes(row.get("id")?)?,
            user: row.get("user_number")?,
            epoch: row.get("epoch")?,
            ends_at: row.get("ends_at")?,
        })
    }
}
