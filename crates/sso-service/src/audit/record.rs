//! What a command changes from the shell, and its record.

use std::{
    io::{self, Write},
    path::PathBuf,
    sync::Arc,
};

use chrono::{DateTime, Utc};
use service_runtime::clock::Clock;
use sqlx::SqliteConnection;

use super::{
    event::{Event, Kind},
    file::AuditFile,
    recorded::write_recorded,
    rows::{insert_event, replace_event},
};
use crate::store::{Database, Unavailable};

/// The database as a command changes it. Each change is recorded: among the events of the
/// database, in the same transaction, and then in the file that the service writes to, if there is
/// one. Lines that are appended do not mix.
#[derive(Debug)]
pub(crate) struct AuditRecord {
    file: Option<AuditFile>,
    database: Database,
    clock: Arc<dyn Clock>,
}

/// Changes of one kind that are one event, with their number.
#[derive(Debug)]
pub(crate) struct EventSeries {
    event: Event,
    count: u64,
    /// Of the row.
    number: Option<i64>,
}

impl AuditRecord {
    /// # Errors
    /// When the file cannot be opened.
    pub(crate) fn open(
        file: Option<PathBuf>,
        database: Database,
        clock: Arc<dyn Clock>,
    ) -> Result<Self, AuditFileError> {
        let file = file.map(AuditFile::open).transpose().map_err(AuditFileError::Open)?;
        Ok(Self { file, database, clock })
    }

    /// The present instant.
    pub(crate) fn now(&self) -> DateTime<Utc> {
        self.clock.now()
    }

    /// An event of this kind, now.
    pub(crate) fn event(&self, kind: Kind) -> Event {
        Event::from_shell(kind, self.now())
    }

    /// The database, to read from.
    pub(crate) fn database(&self) -> &Database {
        &self.database
    }

    /// Makes a change and records it.
    ///
    /// # Errors
    /// The work's own, or that the database is [`Unavailable`]; then nothing is changed. Or that
    /// the line cannot be written.
    pub(crate) async fn change<T, E, F>(&mut self, event: Event, work: F) -> Result<T, E>
    where
        F: AsyncFnOnce(&mut SqliteConnection) -> Result<T, E> + Send + 'static,
        T: Send + 'static,
        E: From<Unavailable> + From<AuditFileError> + Send + 'static,
    {
        let work = async move |connection: &mut SqliteConnection| {
            Ok::<_, E>((work(connection).await?, vec![event]))
        };
        let (done, events) = write_recorded(&self.database, work).await?;
        for event in &events {
            self.write_line(event)?;
        }
        Ok(done)
    }

    /// Begins a series of changes. It has to be [finished](Self::finish).
    pub(crate) fn series(event: Event) -> EventSeries {
        EventSeries { event, count: 0, number: None }
    }

    /// Makes so many more changes of a series.
    ///
    /// # Errors
    /// The work's own, or that the database is [`Unavailable`]; then nothing is changed.
    pub(crate) async fn change_more<T, E, F>(
        &self,
        series: &mut EventSeries,
        more: u64,
        work: F,
    ) -> Result<T, E>
    where
        F: AsyncFnOnce(&mut SqliteConnection) -> Result<T, E> + Send + 'static,
        T: Send + 'static,
        E: From<Unavailable> + Send + 'static,
    {
        let count = series.count + more;
        let (event, known) = (series.event.clone().times(count), series.number);
        let work = async move |connection: &mut SqliteConnection| {
            let done = work(connection).await?;
            let row = match known {
                None => insert_event(connection, &event).await,
                Some(number) => replace_event(connection, number, &event).await.map(|()| number),
            };
            Ok::<_, E>((done, row.map_err(Unavailable::from)?))
        };
        let (done, number) = self.database.write(work).await?;
        (series.count, series.number) = (count, Some(number));
        Ok(done)
    }

    /// Writes the line of a series, if anything was changed.
    ///
    /// # Errors
    /// When the database cannot be written.
    pub(crate) fn finish(&mut self, series: EventSeries) -> Result<(), AuditFileError> {
        match series.count {
            0 => Ok(()),
            count => self.write_line(&series.event.times(count)),
        }
    }

    fn write_line(&mut self, event: &Event) -> Result<(), AuditFileError> {
        let mut line = Vec::new();
        event.write_to(&mut line);
        match &mut self.file {
            Some(file) => file.write_all(&line).map_err(AuditFileError::Write),
            None => Ok(()),
        }
    }
}

/// The file of the audit log does not do its part.
#[derive(Debug, thiserror::Error)]
pub(crate) enum AuditFileError {
    /// Nothing was changed.
    #[error("cannot open the audit log: {0}")]
    Open(#[source] io::Error),
    /// The change was made, and recorded in the database.
    #[error("done, and recorded in the database, but not in the audit log: {0}")]
    Write(#[source] io::Error),
}
