//! The greatest instant that any process on this database has seen.

use chrono::{DateTime, Utc};

use super::{handle::Store, users::end_all_sessions};
use crate::{
    signing_keys::PUBLISHED_AHEAD,
    store::{
        attribution::{Attribution, Recorded},
        errors::AuthorizedError,
        sql::{SqlConnection, query},
        unavailable::Unavailable,
    },
    tokens::MAX_AHEAD,
};

impl Store {
    /// The greatest instant that was seen on this database.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub(crate) async fn greatest_instant(&self) -> Result<DateTime<Utc>, Unavailable> {
        let seen = query("SELECT max(seen_at) FROM greatest_instant");
        let seen: i64 = seen.fetch_one(&mut self.reader().await?).await?;
        Ok(DateTime::from_timestamp_millis(seen).unwrap_or_default())
    }

    /// The time of the database server; `None` where there is no server.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub(crate) async fn server_time(&self) -> Result<Option<DateTime<Utc>>, Unavailable> {
        let mut reader = self.reader().await?;
        if let SqlConnection::Sqlite(_) = reader {
            return Ok(None);
        }
        let now = query("SELECT (extract(epoch FROM clock_timestamp()) * 1000)::bigint");
        let now: i64 = now.fetch_one(&mut reader).await?;
        Ok(DateTime::from_timestamp_millis(now))
    }

    /// Persists an instant, unless a greater one was seen.
    ///
    /// # Errors
    /// When the database cannot be written.
    pub(crate) async fn persist_instant(&self, now: DateTime<Utc>) -> Result<(), Unavailable> {
        let now = now.timestamp_millis();
        let write = async move |connection: &mut SqlConnection| {
            query("UPDATE greatest_instant SET seen_at = $1 WHERE seen_at < $1")
                .bind(now)
                .execute(connection)
                .await?;
            Ok(())
        };
        self.database.write_addition(write).await
    }

    /// Begins anew at this instant, which may be before the greatest one seen. All sessions end.
    /// Keys and grants end that have expired by the greatest instant, or were made in the future.
    ///
    /// # Errors
    /// When the author may not, or the database cannot be written.
    pub(crate) async fn reset_clock(
        &self,
        now: DateTime<Utc>,
        by: Attribution,
    ) -> Result<Recorded<()>, AuthorizedError<Unavailable>> {
        let reset = async move |connection: &mut SqlConnection| Ok(reset(connection, now).await?);
        self.write_attributed(by, reset).await
    }
}

async fn reset(connection: &mut SqlConnection, now: DateTime<Utc>) -> Result<(), sqlx::Error> {
    let (ahead, now) = ((now + MAX_AHEAD).timestamp_millis(), now.timestamp_millis());
    end_all_sessions(connection).await?;
    for end in [
        "UPDATE grants SET expires_at = $1
         WHERE expires_at > $1 AND (created_at > $2 OR expires_at <= (SELECT max(seen_at) FROM greatest_instant))",
        "UPDATE api_keys SET expires_at = $1
         WHERE (expires_at IS NULL OR expires_at > $1)
             AND (created_at > $2 OR expires_at <= (SELECT max(seen_at) FROM greatest_instant))",
    ] {
        query(end).bind(now).bind(ahead).execute(&mut *connection).await?;
    }
    // A key that has signed goes on, one that was only published stays so for as long again.
    query(
        "UPDATE signing_keys SET signs_from = CASE
             WHEN signs_from <= (SELECT max(seen_at) FROM greatest_instant) THEN $1 ELSE $2
         END
         WHERE signs_from > CASE
             WHEN signs_from <= (SELECT max(seen_at) FROM greatest_instant) THEN $1 ELSE $2
         END",
    )
    .bind(now)
    .bind(now + PUBLISHED_AHEAD.num_milliseconds())
    .execute(&mut *connection)
    .await?;
    query("UPDATE greatest_instant SET seen_at = $1").bind(now).execute(connection).await?;
    Ok(())
}
