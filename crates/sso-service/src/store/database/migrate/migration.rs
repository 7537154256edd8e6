//! The steps of a move.

use std::path::PathBuf;

use futures_util::TryStreamExt;

use super::{
    checksum::{Checksum, MovedTable},
    copy_text::write_row,
    error::MigrationError,
    source::{Source, SourceReading},
    tables::{TABLES, Table},
    target::{Filling, Target, numbered},
};
use crate::store::database::postgres::PostgresServer;

/// How much is sent at a time, in bytes.
const PIECE: usize = 256 * 1024;

/// A file, and the server that it is to be moved to.
#[derive(Debug)]
pub(in crate::store) struct Migration<'a> {
    pub(in crate::store) file: &'a PathBuf,
    pub(in crate::store) server: &'a PostgresServer,
}

/// Whether the file was marked as moved by an earlier run that may not have been finished.
///
/// # Errors
/// When there is nothing to move.
async fn check(source: Option<&str>, target: &mut Target, to: &str) -> Result<(), MigrationError> {
    match (source, target.has_users().await?) {
        (Some(moved), true) if moved == to => Err(MigrationError::Done(moved.to_owned())),
        (Some(moved), _) if moved != to => Err(MigrationError::Elsewhere(moved.to_owned())),
        (_, true) => Err(MigrationError::NotEmpty),
        (_, false) => Ok(()),
    }
}

/// Moves everything. The caller holds the lock of the file. `settle` brings the file up to date
/// before it is read for the first time.
///
/// # Errors
/// When nothing was moved, or it is not known.
pub(in crate::store) async fn migrate(
    migration: &Migration<'_>,
    settle: impl AsyncFnOnce() -> Result<(), MigrationError>,
) -> Result<Vec<MovedTable>, MigrationError> {
    let to = migration.server.to_string();
    let (source, moved) = Source::open(migration.file).await?;
    source.close().await?;
    let mut target = Target::open(migration.server).await?;
    check(moved.as_deref(), &mut target, &to).await?;
    if moved.is_none() {
        settle().await?;
    }
    let (mut source, _) = Source::open(migration.file).await?;
    let tables = copy_all(&mut source, &mut target, &to).await;
    source.close().await?;
    tables
}

async fn copy_all(
    source: &mut Source,
    target: &mut Target,
    to: &str,
) -> Result<Vec<MovedTable>, MigrationError> {
    let mut source = source.read().await?;
    let mut target = target.fill().await?;
    let mut moved = Vec::new();
    for table in TABLES {
        moved.push(copy(&mut source, &mut target, table).await?);
    }
    for table in numbered() {
        let number = source.greatest_number(table.name).await?;
        if number > 0 {
            target.continue_after(table.name, number).await?;
        }
    }
    target.finish().await?;
    for (table, sent) in TABLES.iter().zip(&moved) {
        if target.sum(table).await? != *sent {
            return Err(MigrationError::Differs(table.name));
        }
    }
    source.mark_as_moved(to).await?;
    target.commit().await?;
    Ok(moved)
}

/// Copies a table a piece at a time, and gives the sum of what was sent.
async fn copy(
    source: &mut SourceReading<'_>,
    target: &mut Filling<'_>,
    table: &Table,
) -> Result<MovedTable, MigrationError> {
    let mut copying = target.copy_in(table).await?;
    let mut rows = source.rows(table.select);
    let (mut sum, mut piece) = (Checksum::default(), Vec::with_capacity(2 * PIECE));
    while let Some(row) = rows.try_next().await.map_err(MigrationError::Source)? {
        write_row(&row, table.columns, &mut piece).map_err(MigrationError::Source)?;
        if piece.len() >= PIECE {
            sum.add(&piece);
            copying.send(&*piece).await.map_err(MigrationError::Target)?;
            piece.clear();
        }
    }
    sum.add(&piece);
    copying.send(&*piece).await.map_err(MigrationError::Target)?;
    copying.finish().await.map_err(MigrationError::Target)?;
    Ok(sum.finish(table.name))
}
