//! Sessions by the thousand, from the shell: for load tests, and for whoever cannot log in.

use chrono::{DateTime, SubsecRound, Utc};
use serde_json::json;
use service_runtime::clock::id_at;
use shared_types::TokenKind;
use sqlx::{FromRow, SqliteConnection, query, query_as, query_scalar};

use crate::{
    audit::{AuditFileError, AuditRecord, EventSeries, Kind},
    store::Unavailable,
    tokens::PlainToken,
    users::Username,
};

/// How many are written at a time: whoever logs in meanwhile waits for no longer than these take.
const LOT: usize = 2000;

/// What is to be minted.
#[derive(Debug)]
pub(crate) struct Minting {
    /// Whose the sessions are.
    pub(crate) user: Username,
    /// How many.
    pub(crate) count: usize,
    /// When they end. They cannot be renewed.
    pub(crate) ends_at: DateTime<Utc>,
}

/// Begins sessions of a user, beyond any limit, and hands out their tokens as soon as those are
/// on the disk.
///
/// # Errors
/// When no enabled user has this name, it cannot be written, or the tokens are not taken. Tokens
/// that were handed out stay valid.
pub(crate) async fn mint(
    record: &mut AuditRecord,
    minting: &Minting,
    hand_out: impl FnMut(&[PlainToken]) -> Result<(), std::io::Error>,
) -> Result<(), MintError> {
    let event = record.event(Kind::SessionsMinted).on(minting.user.as_str());
    let mut series = AuditRecord::series(event);
    let minted = mint_lots(record, &mut series, minting, hand_out).await;
    // Also when the reader of the tokens went away in the middle.
    record.finish(series)?;
    minted
}

async fn mint_lots(
    record: &AuditRecord,
    series: &mut EventSeries,
    minting: &Minting,
    mut hand_out: impl FnMut(&[PlainToken]) -> Result<(), std::io::Error>,
) -> Result<(), MintError> {
    let mut left = minting.count;
    while left > 0 {
        let lot = left.min(LOT);
        let tokens = mint_lot(record, series, minting, lot, record.now()).await?;
        hand_out(&tokens)?;
        left -= lot;
    }
    Ok(())
}

async fn mint_lot(
    record: &AuditRecord,
    series: &mut EventSeries,
    minting: &Minting,
    lot: usize,
    now: DateTime<Utc>,
) -> Result<Vec<PlainToken>, MintError> {
    let generate = |_| PlainToken::generate(TokenKind::Session);
    let tokens: Vec<PlainToken> = (0..lot).map(generate).collect::<Result<_, _>>()?;
    // Ids of now stand together at the end of their index, which is written in one go.
    let rows: Vec<_> = tokens
        .iter()
        .map(|token| [id_at(now).simple().to_string(), hex(token.hash().as_bytes())])
        .collect();
    let rows = json!(rows).to_string();
    let user = minting.user.clone();
    let instants = [now, minting.ends_at].map(|at| at.trunc_subsecs(3).timestamp_millis());
    let write = async move |connection: &mut SqliteConnection| {
        let Some(owner) = find_owner(connection, &user).await? else {
            return Err(MintError::NoSuchUser(user));
        };
        Ok(insert(connection, &owner, &rows, instants).await?)
    };
    record.change_more(series, lot as u64, write).await?;
    Ok(tokens)
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

/// `rows` is a JSON array of ids and hashes of tokens, in hexadecimal.
async fn insert(
    connection: &mut SqliteConnection,
    owner: &Owner,
    rows: &str,
    [now, ends_at]: [i64; 2],
) -> Result<(), sqlx::Error> {
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
    .bind(rows)
    .execute(&mut *connection)
    .await?;
    query(
        "INSERT INTO session_tokens (session, hash, issued_at, expires_at)
         SELECT ?1 + key, unhex(value ->> 1), ?2, ?3 FROM json_each(?4)",
    )
    .bind(first)
    .bind(now)
    .bind(ends_at)
    .bind(rows)
    .execute(connection)
    .await?;
    Ok(())
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// No session was begun.
#[derive(Debug, thiserror::Error)]
pub(crate) enum MintError {
    /// Nobody could have logged in by this name either.
    #[error("there is no enabled user {0}")]
    NoSuchUser(Username),
    /// There is no randomness for a token.
    #[error("the operating system gives no random bytes: {0}")]
    Random(#[from] getrandom::Error),
    /// It cannot be written.
    #[error(transparent)]
    Unavailable(#[from] Unavailable),
    /// The sessions have begun and are not in the file of the audit log.
    #[error(transparent)]
    Audit(#[from] AuditFileError),
    /// The tokens are on the disk, and nobody was told them.
    #[error("cannot hand out the tokens: {0}")]
    HandOut(#[from] std::io::Error),
}

impl From<sqlx::Error> for MintError {
    fn from(error: sqlx::Error) -> Self {
        Self::Unavailable(error.into())
    }
}
