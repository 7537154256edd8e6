//! Rows of results.

use std::error::Error;

use chrono::{DateTime, Utc};
use sqlx::{ColumnIndex, Decode, Postgres, Row, Sqlite, Type, postgres::PgRow, sqlite::SqliteRow};
use uuid::Uuid;

/// A row of either database.
pub(in crate::store) enum SqlRow {
    Sqlite(SqliteRow),
    Postgres(PgRow),
}

/// A value that a column of either database may hold.
pub(in crate::store) trait SqlColumn<'r>:
    Decode<'r, Sqlite> + Type<Sqlite> + Decode<'r, Postgres> + Type<Postgres>
{
}

impl<'r, T> SqlColumn<'r> for T where
    T: Decode<'r, Sqlite> + Type<Sqlite> + Decode<'r, Postgres> + Type<Postgres>
{
}

impl SqlRow {
    /// The value of a column, by name or by place.
    ///
    /// # Errors
    /// When the column does not exist, or its value has another type.
    pub(in crate::store) fn get<'r, T: SqlColumn<'r>>(
        &'r self,
        column: impl ColumnIndex<SqliteRow> + ColumnIndex<PgRow>,
    ) -> Result<T, sqlx::Error> {
        match self {
            Self::Sqlite(row) => row.try_get(column),
            Self::Postgres(row) => row.try_get(column),
        }
    }
}

/// What a row is read into: its only column, a tuple of its columns in order, or a type that knows
/// their names.
pub(in crate::store) trait FromSqlRow: Sized {
    /// # Errors
    /// When a column is missing or has another type.
    fn from_row(row: &SqlRow) -> Result<Self, sqlx::Error>;
}

macro_rules! from_only_column {
    ($($column:ty),*) => {
        $(impl FromSqlRow for $column {
            fn from_row(row: &SqlRow) -> Result<Self, sqlx::Error> {
                row.get(0)
            }
        })*
    };
}

from_only_column!(bool, i64, String, Vec<u8>);

macro_rules! from_columns {
    ($($column:ident $place:tt),*) => {
        impl<$($column),*> FromSqlRow for ($($column,)*)
        where
            $($column: for<'r> SqlColumn<'r>),*
        {
            fn from_row(row: &SqlRow) -> Result<Self, sqlx::Error> {
                Ok(($(row.get::<$column>($place)?,)*))
            }
        }
    };
}

from_columns!(A 0, B 1);
from_columns!(A 0, B 1, C 2);

/// The lines of a text; none where it is NULL.
///
/// # Errors
/// When the column does not exist, or holds something other than text.
pub(in crate::store) fn lines(row: &SqlRow, column: &str) -> Result<Vec<String>, sqlx::Error> {
    let text: Option<&str> = row.get(column)?;
    Ok(text.into_iter().flat_map(str::lines).map(str::to_owned).collect())
}

/// An instant from its milliseconds.
///
/// # Errors
/// When it is beyond the calendar.
pub(in crate::store) fn instant(millis: i64) -> Result<DateTime<Utc>, sqlx::Error> {
    DateTime::from_timestamp_millis(millis).ok_or_else(|| decode("an instant beyond the calendar"))
}

/// An id from its 16 bytes.
///
/// # Errors
/// When there are more or fewer.
pub(in crate::store) fn uuid_from_bytes(bytes: &[u8]) -> Result<Uuid, sqlx::Error> {
    Uuid::from_slice(bytes).map_err(decode)
}

/// The error of a value that cannot be read.
pub(in crate::store) fn decode(error: impl Into<Box<dyn Error + Send + Sync>>) -> sqlx::Error {
    sqlx::Error::Decode(error.into())
}
