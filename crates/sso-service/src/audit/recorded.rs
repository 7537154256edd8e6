//! Changes that are recorded: the event is written in the transaction of the change.

use sqlx::SqliteConnection;

use super::{event::Event, rows::insert_events};
use crate::store::{Database, Unavailable};

/// Makes a change and writes its events, all or nothing. However the process ends, no change is
/// without its event. Gives the events, whose lines are still to be written.
///
/// # Errors
/// The work's own, or that the database is [`Unavailable`].
pub(crate) async fn write_recorded<T, E, F>(
    database: &Database,
    work: F,
) -> Result<(T, Vec<Event>), E>
where
    F: AsyncFnOnce(&mut SqliteConnection) -> Result<(T, Vec<Event>), E> + Send + 'static,
    T: Send + 'static,
    E: From<Unavailable> + Send + 'static,
{
    let recorded = async move |connection: &mut SqliteConnection| {
        let (done, events) = work(connection).await?;
        insert_events(connection, &events).await.map_err(Unavailable::from)?;
        Ok::<_, E>((done, events))
    };
    database.write(recorded).await
}
