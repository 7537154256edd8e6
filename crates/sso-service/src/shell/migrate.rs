//! `migrate …`

use std::io::{self, Write};

use clap::Args;

use super::table::print_table;
use crate::{
    config::database,
    store::{Location, MigrationError, MovedTable, move_database},
};

/// How much of a checksum is printed.
const SHOWN_DIGITS: usize = 16;

/// The databases.
#[derive(Debug, Args)]
pub(crate) struct MigrateCommand {
    /// The database to move, like sqlite://sso.db; no service may run on it
    #[arg(long)]
    from: String,
    /// An empty database, like postgres://user:password@host/database
    #[arg(long)]
    to: String,
}

impl MigrateCommand {
    /// Moves the database, and prints what was moved.
    ///
    /// # Errors
    /// When it was not moved, unless the error says so.
    pub(crate) async fn run(self) -> Result<(), MigrateError> {
        let from = database(&self.from).map_err(|fault| MigrateError::Url("--from", fault))?;
        let to = database(&self.to).map_err(|fault| MigrateError::Url("--to", fault))?;
        if !matches!(from, Location::File(_)) {
            return Err(MigrateError::Url("--from", "must be sqlite://path/to/file"));
        }
        let server = "must be postgres://user@host/database";
        let moved = move_database(&from, &to).await?;
        print(&moved.ok_or(MigrateError::Url("--to", server))?, &mut io::stdout().lock())?;
        Ok(())
    }
}

fn print(moved: &[MovedTable], out: &mut impl Write) -> io::Result<()> {
    let rows = moved.iter().map(|MovedTable { name, rows, checksum }| {
        let checksum = checksum.chars().take(SHOWN_DIGITS).collect();
        [(*name).to_owned(), rows.to_string(), checksum]
    });
    print_table(["TABLE", "ROWS", "SHA-256"], rows, out)
}

/// The database was not moved, unless the error says so.
#[derive(Debug, thiserror::Error)]
pub(crate) enum MigrateError {
    /// An argument is wrong.
    #[error("{0}: {1}")]
    Url(&'static str, &'static str),
    /// The databases do not allow it.
    #[error(transparent)]
    Migration(#[from] MigrationError),
    /// Standard output failed. The database was moved.
    #[error("the database was moved; cannot write to standard output: {0}")]
    Output(#[from] io::Error),
}

impl MigrateError {
    /// Whether another configuration would help.
    pub(crate) fn is_about_configuration(&self) -> bool {
        match self {
            Self::Url(..) => true,
            Self::Migration(error) => error.is_about_configuration(),
            Self::Output(_) => false,
        }
    }
}
