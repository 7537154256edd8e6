//! The file that is moved.

use std::path::PathBuf;

use futures_util::stream::BoxStream;
use sqlx::{Connection, Sqlite, SqliteConnection, Transaction, sqlite::SqliteRow};

use super::error::MigrationError;
use crate::store::database::{
    open_error::OpenError,
    sqlite::{connect_to_moved, moved_to, options},
};

/// An open file that nobody serves.
pub(super) struct Source(SqliteConnection);

impl Source {
    /// Opens it, and gives where it was moved to, if it was.
    ///
    /// # Errors
    /// When it cannot be opened.
    pub(super) async fn open(path: &PathBuf) -> Result<(Self, Option<String>), OpenError> {
        let mut connection = connect_to_moved(&options(Some(path))).await?;
        let moved = moved_to(&mut connection).await?;
        Ok((Self(connection), moved))
    }

    /// Keeps commands from writing while it is read.
    ///
    /// # Errors
    /// When another process writes, or it cannot be read.
    pub(super) async fn read(&mut self) -> Result<SourceReading<'_>, MigrationError> {
        let begun = self.0.begin_with("BEGIN IMMEDIATE").await;
        begun.map(SourceReading).map_err(MigrationError::Source)
    }

    pub(super) async fn close(self) -> Result<(), MigrationError> {
        self.0.close().await.map_err(MigrationError::Source)
    }
}

/// A file that nobody else writes to.
pub(super) struct SourceReading<'c>(Transaction<'c, Sqlite>);

impl SourceReading<'_> {
    pub(super) fn rows(
        &mut self,
        select: &'static str,
    ) -> BoxStream<'_, Result<SqliteRow, sqlx::Error>> {
        sqlx::query(select).fetch(&mut *self.0)
    }

    /// The greatest number that a row of the table ever had; 0 if there was none.
    pub(super) async fn greatest_number(&mut self, table: &str) -> Result<i64, MigrationError> {
        let greatest = "SELECT coalesce(max(seq), 0) FROM sqlite_sequence WHERE name = $1";
        let greatest = sqlx::query_scalar(greatest).bind(table.to_owned());
        greatest.fetch_one(&mut *self.0).await.map_err(MigrationError::Source)
    }

    /// Says where everything is from now on. It is on the disk when this returns.
    pub(super) async fn mark_as_moved(mut self, target: &str) -> Result<(), MigrationError> {
        let mark = async {
            sqlx::query("DELETE FROM moved").execute(&mut *self.0).await?;
            let mark =
                sqlx::query("INSERT INTO moved (target) VALUES ($1)").bind(target.to_owned());
            mark.execute(&mut *self.0).await?;
            self.0.commit().await
        };
        mark.await.map_err(MigrationError::Source)
    }
}
