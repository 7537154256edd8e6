//! The access and refresh tokens of clients.

use chrono::{DateTime, Utc};

use super::holders::{SessionFacts, judge};
use crate::{
    oidc::{ClientAccess, ClientId, NewClientTokens, OidcScope},
    store::{
        errors::StoreError,
        handle::Store,
        sql::{FromSqlRow, SqlConnection, SqlRow, decode, instant, query},
        unavailable::Unavailable,
    },
    tokens::TokenHash,
};

/// How many access tokens of an authorization live.
const MOST_LIVE: i64 = 3;
/// How many spent refresh tokens of an authorization are known. One that is older is unknown, and
/// ends nothing.
const MOST_SPENT: i64 = 100;

impl Store {
    /// The holder of a live access token of a client, as it is now.
    ///
    /// # Errors
    /// When the database cannot be read, or the session is of unknown state.
    pub(crate) async fn client_access(
        &self,
        hash: TokenHash,
        now: DateTime<Utc>,
    ) -> Result<Option<ClientAccess>, StoreError> {
        let mut reader = self.reader().await?;
        let find = query(
            "SELECT client, scope, client_tokens.issued_at, client_tokens.expires_at,
                    sessions.number, sessions.id, user_number, epoch, ends_at
             FROM client_tokens
             JOIN client_authorizations ON client_authorizations.number = authorization_number
             JOIN live_sessions AS sessions ON sessions.number = client_authorizations.session
             WHERE hash = $1 AND NOT renews AND client_tokens.expires_at > $2 AND ends_at > $2
                 AND sessions.expires_at > $2",
        );
        let find = find.bind(hash.as_bytes()).bind(now.timestamp_millis());
        let Some(token): Option<StoredAccess> = find.fetch_optional(&mut reader).await? else {
            return Ok(None);
        };
        let shared = self.database.is_shared();
        let holder =
            judge(&mut reader, token.session, token.client, now, &self.live, shared).await?;
        Ok(holder.map(|holder| ClientAccess {
            client: token.client,
            account: holder.account,
            scope: OidcScope::parse(&token.scope).unwrap_or_default(),
            issued_at: token.issued_at,
            expires_at: token.expires_at,
        }))
    }

    /// Revokes a token of a client: an access token alone, and with a refresh token everything that
    /// was given with it.
    ///
    /// # Errors
    /// When the database cannot be read or written.
    pub(crate) async fn revoke_client_token(&self, hash: TokenHash) -> Result<(), Unavailable> {
        // Anybody may send tokens: the writer is for those that exist.
        let find = query("SELECT EXISTS (SELECT 1 FROM client_tokens WHERE hash = $1)");
        let exists: bool = find.bind(hash.as_bytes()).fetch_one(&mut self.reader().await?).await?;
        if !exists {
            return Ok(());
        }
        let revoke = async move |connection: &mut SqlConnection| {
            query(
                "DELETE FROM client_authorizations WHERE number = (
                     SELECT authorization_number FROM client_tokens WHERE hash = $1 AND renews)",
            )
            .bind(hash.as_bytes())
            .execute(&mut *connection)
            .await?;
            let remove = query("DELETE FROM client_tokens WHERE hash = $1").bind(hash.as_bytes());
            remove.execute(connection).await?;
            Ok(())
        };
        self.database.write_addition(revoke).await
    }
}

/// Stores the tokens of an authorization, and removes those that are too many.
///
/// # Errors
/// When the database cannot be written.
pub(super) async fn insert_tokens(
    connection: &mut SqlConnection,
    authorization: i64,
    tokens: &NewClientTokens,
    with_refresh: bool,
) -> Result<(), sqlx::Error> {
    let end = match with_refresh {
        true => tokens.access_expires_at.max(tokens.refresh_expires_at),
        false => tokens.access_expires_at,
    };
    insert(connection, authorization, &tokens.access, tokens, tokens.access_expires_at).await?;
    if with_refresh {
        insert_renewing(connection, authorization, tokens).await?;
    }
    query("UPDATE client_authorizations SET expires_at = $1 WHERE number = $2")
        .bind(end.timestamp_millis())
        .bind(authorization)
        .execute(&mut *connection)
        .await?;
    drop_oldest(connection, authorization).await
}

async fn insert(
    connection: &mut SqlConnection,
    authorization: i64,
    hash: &TokenHash,
    tokens: &NewClientTokens,
    expires_at: DateTime<Utc>,
) -> Result<(), sqlx::Error> {
    query(
        "INSERT INTO client_tokens (hash, authorization_number, renews, issued_at, expires_at)
         VALUES ($1, $2, FALSE, $3, $4)",
    )
    .bind(hash.as_bytes())
    .bind(authorization)
    .bind(tokens.now.timestamp_millis())
    .bind(expires_at.timestamp_millis())
    .execute(connection)
    .await?;
    Ok(())
}

async fn insert_renewing(
    connection: &mut SqlConnection,
    authorization: i64,
    tokens: &NewClientTokens,
) -> Result<(), sqlx::Error> {
    query(
        "INSERT INTO client_tokens (hash, authorization_number, renews, issued_at, expires_at)
         VALUES ($1, $2, TRUE, $3, $4)",
    )
    .bind(tokens.refresh.as_bytes())
    .bind(authorization)
    .bind(tokens.now.timestamp_millis())
    .bind(tokens.refresh_expires_at.timestamp_millis())
    .execute(connection)
    .await?;
    Ok(())
}

async fn drop_oldest(
    connection: &mut SqlConnection,
    authorization: i64,
) -> Result<(), sqlx::Error> {
    let live = "DELETE FROM client_tokens WHERE hash IN (
         SELECT hash FROM client_tokens WHERE authorization_number = $1 AND NOT renews
         ORDER BY issued_at DESC, hash LIMIT 1000 OFFSET $2)";
    let spent = "DELETE FROM client_tokens WHERE hash IN (
         SELECT hash FROM client_tokens WHERE authorization_number = $1 AND renews
             AND spent_at IS NOT NULL
         ORDER BY spent_at DESC, hash LIMIT 1000 OFFSET $2)";
    for (sql, most) in [(live, MOST_LIVE), (spent, MOST_SPENT)] {
        query(sql).bind(authorization).bind(most).execute(&mut *connection).await?;
    }
    Ok(())
}

struct StoredAccess {
    client: ClientId,
    scope: String,
    issued_at: DateTime<Utc>,
    expires_at: DateTime<Utc>,
    session: SessionFacts,
}

impl FromSqlRow for StoredAccess {
    fn from_row(row: &SqlRow) -> Result<Self, sqlx::Error> {
        let client: &str = row.get("client")?;
        Ok(Self {
            client: client.parse().map_err(|error: uuid::Error| decode(error))?,
            scope: row.get("scope")?,
            issued_at: instant(row.get("issued_at")?)?,
            expires_at: instant(row.get("expires_at")?)?,
            session: SessionFacts::from_row(row)?,
        })
    }
}
