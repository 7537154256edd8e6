//! Beginning sessions by the thousand, from the shell.

use serde_json::json;
use service_runtime::clock::id_at;

use crate::{
    audit::Event,
    sessions::MintedSessions,
    store::{
        audit::{insert_event, replace_event},
        errors::MintSessionsError,
        handle::Store,
        sql::{Dialects, FromSqlRow, SqlConnection, SqlRow, query},
    },
    users::Username,
};

impl Store {
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
        let write = async move |connection: &mut SqlConnection| {
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
        self.database.write_addition(write).await
    }
}

struct Owner {
    number: i64,
    epoch: i64,
}

impl FromSqlRow for Owner {
    fn from_row(row: &SqlRow) -> Result<Self, sqlx::Error> {
        Ok(Self { number: row.get("number")?, epoch: row.get("epoch")? })
    }
}

async fn find_owner(
    connection: &mut SqlConnection,
    user: &Username,
) -> Result<Option<Owner>, sqlx::Error> {
    query("SELECT number, epoch FROM users WHERE username = $1 AND NOT disabled")
        .bind(user.as_str())
        .fetch_optional(connection)
        .await
}

async fn insert(
    connection: &mut SqlConnection,
    owner: &Owner,
    minted: &MintedSessions,
) -> Result<(), sqlx::Error> {
    // Ids of now stand together at the end of their index, which is written in one go.
    let rows: Vec<_> = minted
        .tokens
        .iter()
        .map(|hash| [id_at(minted.now).simple().to_string(), hash.to_hex()])
        .collect();
    let rows = json!(rows).to_string();
    let [now, ends_at] = [minted.now, minted.ends_at].map(|at| at.timestamp_millis());
    query(INSERT_SESSIONS)
        .bind(&rows)
        .bind(owner.number)
        .bind(owner.epoch)
        .bind(now)
        .bind(ends_at)
        .execute(&mut *connection)
        .await?;
    query(INSERT_TOKENS).bind(&rows).bind(now).bind(ends_at).execute(connection).await?;
    Ok(())
}

/// Of a JSON array of pairs: the id of a session and the hash of its token, in hexadecimal.
const INSERT_SESSIONS: Dialects = Dialects {
    sqlite: "INSERT INTO sessions (id, user_number, epoch, minted, created_at, last_seen_at,
                                   expires_at, ends_at)
             SELECT unhex(value ->> 0), $2, $3, TRUE, $4, $4, $5, $5 FROM json_each($1)",
    postgres: "INSERT INTO sessions (id, user_number, epoch, minted, created_at, last_seen_at,
                                     expires_at, ends_at)
               SELECT decode(value ->> 0, 'hex'), $2, $3, TRUE, $4, $4, $5, $5
               FROM json_array_elements($1::json)",
};

/// The tokens of the same array, once its sessions are there.
const INSERT_TOKENS: Dialects = Dialects {
    sqlite: "INSERT INTO session_tokens (session, hash, issued_at, expires_at)
             SELECT sessions.number, unhex(value ->> 1), $2, $3
             FROM json_each($1) JOIN sessions ON sessions.id = unhex(value ->> 0)",
    postgres: "INSERT INTO session_tokens (session, hash, issued_at, expires_at)
               SELECT sessions.number, decode(value ->> 1, 'hex'), $2, $3
               FROM json_array_elements($1::json)
               JOIN sessions ON sessions.id = decode(value ->> 0, 'hex')",
};
