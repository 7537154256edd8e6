//! Log-ins that wait for the provider.

use chrono::{DateTime, TimeDelta, Utc};

use crate::{
    network::Network,
    store::{
        errors::RequestError,
        handle::Store,
        sql::{FromSqlRow, SqlConnection, SqlRow, query},
        unavailable::Unavailable,
        waiting::{WaitingTable, waiting_table},
    },
    tokens::TokenHash,
};

/// How long a log-in waits.
const WAITS: TimeDelta = TimeDelta::minutes(10);
const TABLE: WaitingTable = waiting_table!("upstream_log_ins", "state_hash", 100, 20_000);

/// A log-in that begins.
#[derive(Debug)]
pub(crate) struct NewUpstreamLogIn {
    /// The hash of its state.
    pub(crate) state: TokenHash,
    /// The hash of the cookie of its browser.
    pub(crate) browser: TokenHash,
    pub(crate) network: Network,
    pub(crate) return_to: Option<String>,
    pub(crate) is_fresh: bool,
    pub(crate) now: DateTime<Utc>,
}

/// A log-in that waited.
#[derive(Debug)]
pub(crate) struct WaitingLogIn {
    pub(crate) return_to: Option<String>,
    /// Whether the user has to log in at the provider again.
    pub(crate) is_fresh: bool,
    pub(crate) begun_at: DateTime<Utc>,
}

impl Store {
    /// Stores a log-in that begins, for ten minutes.
    ///
    /// # Errors
    /// When too many wait, or the database cannot be written.
    pub(crate) async fn begin_upstream_log_in(
        &self,
        log_in: NewUpstreamLogIn,
    ) -> Result<(), RequestError> {
        let begin = async move |connection: &mut SqlConnection| {
            let network = log_in.network.to_string();
            TABLE.make_room(connection, &network).await?;
            query(
                "INSERT INTO upstream_log_ins (state_hash, browser_hash, network, return_to,
                     is_fresh, created_at, expires_at)
                 VALUES ($1, $2, $3, $4, $5, $6, $7)",
            )
            .bind(log_in.state.as_bytes())
            .bind(log_in.browser.as_bytes())
            .bind(network)
            .bind(log_in.return_to.as_deref())
            .bind(log_in.is_fresh)
            .bind(log_in.now.timestamp_millis())
            .bind((log_in.now + WAITS).timestamp_millis())
            .execute(connection)
            .await?;
            Ok(())
        };
        self.database.write_addition(begin).await
    }

    /// Takes the log-in with this state out, if it still waits and was begun in the browser with this
    /// cookie. Another browser leaves it there.
    ///
    /// # Errors
    /// When the database cannot be written.
    pub(crate) async fn take_upstream_log_in(
        &self,
        state: TokenHash,
        browser: TokenHash,
        now: DateTime<Utc>,
    ) -> Result<Option<WaitingLogIn>, Unavailable> {
        let take = async move |connection: &mut SqlConnection| {
            let taken = query(
                "DELETE FROM upstream_log_ins
                 WHERE state_hash = $1 AND browser_hash = $2 AND expires_at > $3
                 RETURNING return_to, is_fresh, created_at",
            );
            let taken = taken.bind(state.as_bytes()).bind(browser.as_bytes());
            let taken = taken.bind(now.timestamp_millis());
            Ok::<_, Unavailable>(taken.fetch_optional(connection).await?)
        };
        self.database.write_addition(take).await
    }
}

impl FromSqlRow for WaitingLogIn {
    fn from_row(row: &SqlRow) -> Result<Self, sqlx::Error> {
        let begun_at = DateTime::from_timestamp_millis(row.get("created_at")?);
        Ok(Self {
            return_to: row.get("return_to")?,
            is_fresh: row.get("is_fresh")?,
            begun_at: begun_at.unwrap_or_default(),
        })
    }
}

/// Removes some log-ins that are over, and gives their number.
///
/// # Errors
/// When the database cannot be written.
pub(in crate::store) async fn sweep_upstream(
    connection: &mut SqlConnection,
    millis: i64,
    at_most: i64,
) -> Result<u64, sqlx::Error> {
    let over = "DELETE FROM upstream_log_ins WHERE state_hash IN (
         SELECT state_hash FROM upstream_log_ins WHERE expires_at <= $1 LIMIT $2)";
    query(over).bind(millis).bind(at_most).execute(connection).await
}
