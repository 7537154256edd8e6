//! One statement in the form of each database.

/// A statement that is written differently for each database.
#[derive(Debug, Clone, Copy)]
pub(in crate::store) struct Dialects {
    /// The form for SQLite.
    pub(in crate::store) sqlite: &'static str,
    /// The form for PostgreSQL.
    pub(in crate::store) postgres: &'static str,
}

/// The same form on both.
impl From<&'static str> for Dialects {
    fn from(sql: &'static str) -> Self {
        Self { sqlite: sql, postgres: sql }
    }
}

/// A statement with the set of numbers of the JSON array `$1` between two parts of it.
macro_rules! with_numbers {
    ($before:expr, $after:expr) => {
        $crate::store::sql::Dialects {
            sqlite: concat!($before, "(SELECT value FROM json_each($1))", $after),
            postgres: concat!(
                $before,
                "(SELECT value::bigint FROM json_array_elements_text($1::json))",
                $after
            ),
        }
    };
    ($before:expr) => {
        with_numbers!($before, "")
    };
}
pub(in crate::store) use with_numbers;
