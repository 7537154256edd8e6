//! Renewal of what clients hold, by their refresh tokens.

use chrono::{DateTime, Utc};

use super::{
    authorizations::end,
    holders::{LiveHolder, SessionFacts, judge},
    tokens::insert_tokens,
};
use crate::{
    oidc::{ClientGrant, ClientRenewal, Exchanged, OidcScope, ReusedGrant},
    sessions::{LiveSessions, REPLAY_WINDOW},
    store::{
        errors::StoreError,
        handle::Store,
        sql::{FromSqlRow, SqlConnection, SqlRow, instant, query},
    },
    tokens::Nonce,
};

impl Store {
    /// Spends a refresh token of a client for its successors. For ten seconds it has the same
    /// successors again; later it ends everything that was given with it.
    ///
    /// # Errors
    /// When the database cannot be written, or the session is of unknown state.
    pub(crate) async fn renew_client(
        &self,
        renewal: ClientRenewal,
    ) -> Result<Exchanged, StoreError> {
        // Anybody may send tokens: the writer is for those that exist.
        if find(&mut self.reader().await?, &renewal).await?.is_none() {
            return Ok(Exchanged::Refused);
        }
        let (live, shared) = (self.live.clone(), self.database.is_shared());
        let renew = async move |connection: &mut SqlConnection| {
            renew(connection, &renewal, &live, shared).await
        };
        self.database.write_addition(renew).await
    }
}

/// A stored refresh token of a client, spent or not.
struct StoredRenewal {
    number: i64,
    scope: String,
    expires_at: i64,
    spent_at: Option<i64>,
    nonce: Option<Nonce>,
    /// Of the newest access token.
    access_expires_at: Option<i64>,
    session: SessionFacts,
}

async fn renew(
    connection: &mut SqlConnection,
    renewal: &ClientRenewal,
    live: &LiveSessions,
    shared: bool,
) -> Result<Exchanged, StoreError> {
    let now = renewal.tokens.now;
    let Some(token) = find(connection, renewal).await? else {
        return Ok(Exchanged::Refused);
    };
    let session = token.session.clone();
    let Some(holder) = judge(connection, session, renewal.client, now, live, shared).await? else {
        return Ok(Exchanged::Refused);
    };
    let held = OidcScope::parse(&token.scope).unwrap_or_default();
    if renewal.scope.is_some_and(|asked| !held.includes(asked)) {
        return Ok(Exchanged::ScopeExceeded);
    }
    let scope = held;
    match token.spent_at {
        None if now.timestamp_millis() < token.expires_at => {
            rotate(connection, &token, renewal, holder, scope).await
        }
        None => Ok(Exchanged::Refused),
        Some(_) => again(connection, token, holder, scope, now).await,
    }
}

async fn rotate(
    connection: &mut SqlConnection,
    token: &StoredRenewal,
    renewal: &ClientRenewal,
    LiveHolder { account, session_id, ends_at }: LiveHolder,
    scope: OidcScope,
) -> Result<Exchanged, StoreError> {
    let tokens = renewal.tokens.ending_by(ends_at);
    query("UPDATE client_tokens SET spent_at = $1, nonce = $2 WHERE hash = $3")
        .bind(tokens.now.timestamp_millis())
        .bind(renewal.nonce.as_bytes())
        .bind(renewal.presented.as_bytes())
        .execute(&mut *connection)
        .await?;
    insert_tokens(connection, token.number, &tokens, true).await?;
    let access_expires_at = tokens.access_expires_at;
    let token_nonce = Some(renewal.nonce);
    let nonce = None;
    let grant = ClientGrant { account, session_id, scope, nonce, token_nonce, access_expires_at };
    Ok(Exchanged::Granted(Box::new(grant)))
}

/// A lost answer is given again for a while. Later, two have the token.
async fn again(
    connection: &mut SqlConnection,
    token: StoredRenewal,
    LiveHolder { account, session_id, .. }: LiveHolder,
    scope: OidcScope,
    now: DateTime<Utc>,
) -> Result<Exchanged, StoreError> {
    let replay_ends = token.spent_at.unwrap_or_default() + REPLAY_WINDOW.num_milliseconds();
    if let (Some(nonce), Some(end_of_access), true) =
        (token.nonce, token.access_expires_at, now.timestamp_millis() < replay_ends)
    {
        return Ok(Exchanged::Granted(Box::new(ClientGrant {
            account,
            session_id,
            scope,
            nonce: None,
            token_nonce: Some(nonce),
            access_expires_at: instant(end_of_access)?,
        })));
    }
    end(connection, token.number).await?;
    Ok(Exchanged::Reused(Box::new(ReusedGrant { account, session_id })))
}

/// The token, if it is one of this client. Others may have it, and cannot end anything with it.
async fn find(
    connection: &mut SqlConnection,
    renewal: &ClientRenewal,
) -> Result<Option<StoredRenewal>, sqlx::Error> {
    query(
        "SELECT client_authorizations.number AS authorization_number, scope,
                client_tokens.expires_at, spent_at, client_tokens.nonce AS token_nonce,
                (SELECT max(access.expires_at) FROM client_tokens AS access
                 WHERE access.authorization_number = client_authorizations.number
                     AND NOT access.renews) AS access_expires_at,
                sessions.number, sessions.id, user_number, epoch, ends_at
         FROM client_tokens
         JOIN client_authorizations ON client_authorizations.number = authorization_number
         JOIN live_sessions AS sessions ON sessions.number = client_authorizations.session
         WHERE hash = $1 AND renews AND client = $3 AND ends_at > $2
             AND sessions.expires_at > $2",
    )
    .bind(renewal.presented.as_bytes())
    .bind(renewal.tokens.now.timestamp_millis())
    .bind(renewal.client.to_string())
    .fetch_optional(connection)
    .await
}

impl FromSqlRow for StoredRenewal {
    fn from_row(row: &SqlRow) -> Result<Self, sqlx::Error> {
        let nonce: Option<&[u8]> = row.get("token_nonce")?;
        Ok(Self {
            number: row.get("authorization_number")?,
            scope: row.get("scope")?,
            expires_at: row.get("expires_at")?,
            spent_at: row.get("spent_at")?,
            nonce: nonce.and_then(Nonce::read),
            access_expires_at: row.get("access_expires_at")?,
            session: SessionFacts::from_row(row)?,
        })
    }
}
