//! Beginning sessions by the thousand, from the shell.

use serde_json::json;
use service_runtime::clock::id_at;
use sqlx::{FromRow, SqliteConnection, query, query_as, query_scalar};

use crate::{
    audit::Event,
    sessions::MintedSessions,
    store::{
        errors::MintSessionsError,
        sqlite::{
            audit::{insert_event, replace_event},
            store::SqliteStore,
        },
    },
    users::Username,
};

impl SqliteStore {
    /// Begins sessions of a user, beyond any limit, and writes the event of the series that they
    /// belong to: in the place of the event of this number, if there is one. Gives the number of
    /// the event.
    ///
    /// # Errors
    /// When no enabled user has the name, or the database cannot be written.
    pub(crate) async fn mint_sessions(
        &self,
        minted: MintedSessions,
        event: Event,
        number: Option<i64>,
    ) -> Result<i64, MintSessionsError> {
        let write = async move |connection: &mut SqliteConnection| {
            let Some(owner) = find_owner(connection, &minted.user).await? else {
                return Err(MintSessionsError::NoSuchUser(minted.user));
            };
            insert(connection, &owner, &minted).await?;
            Ok(match number {
                None => insert_event(connection, &event).await?,
                Some(number) => {
                    replace_event(connection, number, &event).await?;
                    number
                }
            })
        };
        self.database.write(write).await
    }
}

#[derive(FromRow)]
struct Owner {
    number: i64,
    epoch: i64,
}

async fn find_owner(
    connection: &mut SqliteConnection,
    user: &Username,
) -> Result<Option<Owner>, sqlx::Error> {
    query_as("SELECT number, epoch FROM users WHERE username = ? AND NOT disabled")
        .bind(user.as_str())
        .fetch_optional(connection)
        .await
}

async fn insert(
    connection: &mut SqliteConnection,
    owner: &Owner,
    minted: &MintedSessions,
) -> Result<(), sqlx::Error> {
    // Ids of now stand together at the end of their index, which is written in one go.
    let rows: Vec<_> = minted
        .tokens
        .iter()
        .map(|hash| [id_at(minted.now).simple().to_string(), hex(hash.as_bytes())])
        .collect();
    let rows = json!(rows).to_string();
    let [now, ends_at] = [minted.now, minted.ends_at].map(|at| at.timestamp_millis());
    let last = query_scalar("SELECT seq FROM sqlite_sequence WHERE name = 'sessions'");
    let last: Option<i64> = last.fetch_optional(&mut *connection).await?;
    let first = last.unwrap_or(0) + 1;
    query(
        "INSERT INTO sessions (number, id, user, epoch, minted, created_at, last_seen_at,
                               expires_at, ends_at)
         SELECT ?1 + key, unhex(value ->> 0), ?2, ?3, TRUE, ?4, ?4, ?5, ?5 FROM json_each(?6)",
    )
    .bind(first)
    .bind(owner.number)
    .bind(owner.epoch)
    .bind(now)
    .bind(ends_at)
    .bind(&rows)
    .execute(&mut *connection)
    .await?;
    query(
        "INSERT INTO session_tokens (session, hash, issued_at, expires_at)
         SELECT ?1 + key, unhex(value ->> 1), ?2, ?3 FROM json_each(?4)",
    )
    .bind(first)
    .bind(now)
    .bind(ends_at)
    .bind(&rows)
    .execute(connection)
    .await?;
    Ok(())
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
