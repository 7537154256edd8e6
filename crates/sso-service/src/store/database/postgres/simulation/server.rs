//! The model of the server, and connections to it through a network that has faults.

use std::{
    collections::{BTreeMap, BTreeSet},
    future::pending,
    io,
    sync::{Arc, Mutex},
    time::Duration,
};

use tokio::time::sleep;

use super::super::instances::{InstanceRow, ServerState, SharedDatabase};
use crate::store::database::follow::Position;

/// A token, by number.
pub(super) type Token = u32;

/// What a change does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Effect {
    Issues(Token),
    Revokes(Token),
    /// Ends everything that was issued before.
    EndsAll,
}

/// A committed change.
#[derive(Debug, Clone)]
pub(super) struct Change {
    pub(super) position: Position,
    pub(super) effect: Effect,
}

/// The tables.
#[derive(Debug)]
pub(super) struct Tables {
    pub(super) changes: Vec<Change>,
    pub(super) instances: BTreeMap<String, Row>,
    /// What all changes ever have led to.
    pub(super) valid: BTreeSet<Token>,
    last: i64,
}

#[derive(Debug, Clone, Copy)]
pub(super) struct Row {
    applied: Option<i64>,
    stale_max: Duration,
    expired: bool,
}

impl Tables {
    pub(super) fn new() -> Self {
        let mut tables = Self {
            changes: Vec::new(),
            instances: BTreeMap::new(),
            valid: BTreeSet::new(),
            last: 0,
        };
        tables.commit(Effect::EndsAll);
        tables
    }

    /// Commits a change, and gives its number. Writers take turns, so a commit is one step.
    pub(super) fn commit(&mut self, effect: Effect) -> i64 {
        self.last += 1;
        let position = Position { change: self.last, tag: format!("tag-{}", self.last) };
        self.changes.push(Change { position, effect });
        match effect {
            Effect::Issues(token) => {
                self.valid.insert(token);
            }
            Effect::Revokes(token) => {
                self.valid.remove(&token);
            }
            Effect::EndsAll => self.valid.clear(),
        }
        self.last
    }

    /// Removes the changes that every unexpired instance has confirmed a later one of.
    pub(super) fn prune(&mut self) {
        let unexpired = self.instances.values().filter(|row| !row.expired);
        let confirmed = unexpired.map(|row| row.applied.unwrap_or(0)).min().unwrap_or(i64::MAX);
        let keep_from = confirmed.min(self.last);
        self.changes.retain(|change| change.position.change >= keep_from);
        self.instances.retain(|_, row| !row.expired);
    }
}

/// How the network treats the messages of a process.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Network {
    Well,
    /// Messages take up to this long.
    Slow(Duration),
    /// Connections are refused.
    Refused,
    /// Messages are lost, without an error.
    Lost,
}

/// The server, as one process reaches it.
#[derive(Debug, Clone)]
pub(super) struct ModelServer {
    pub(super) tables: Arc<Mutex<Tables>>,
    pub(super) network: Arc<Mutex<Network>>,
    random: Arc<Mutex<fastrand::Rng>>,
}

impl ModelServer {
    pub(super) fn new(tables: Arc<Mutex<Tables>>, random: fastrand::Rng) -> Self {
        Self {
            tables,
            network: Arc::new(Mutex::new(Network::Well)),
            random: Arc::new(Mutex::new(random)),
        }
    }

    /// Does something at the server. It may be done although the answer is lost, and also after the
    /// client has given up and closed the connection.
    pub(super) async fn call<T: 'static>(
        &self,
        operation: impl FnOnce(&mut Tables) -> T + 'static,
    ) -> Result<T, sqlx::Error> {
        let server = self.clone();
        let arrival = async move {
            server.send().await?;
            Ok(operation(&mut server.tables.lock().unwrap()))
        };
        let result = tokio::task::spawn_local(arrival).await.unwrap_or_else(|_| Err(refused()))?;
        self.send().await?;
        Ok(result)
    }

    /// A message on its way.
    async fn send(&self) -> Result<(), sqlx::Error> {
        let network = *self.network.lock().unwrap();
        let longest = match network {
            Network::Well => Duration::from_millis(2),
            Network::Slow(longest) => longest,
            Network::Refused => return Err(refused()),
            Network::Lost => pending().await,
        };
        let share = self.random.lock().unwrap().f64();
        sleep(longest.mul_f64(share)).await;
        let network = *self.network.lock().unwrap();
        match network {
            Network::Refused => Err(refused()),
            Network::Lost => pending().await,
            Network::Well | Network::Slow(_) => Ok(()),
        }
    }
}

fn refused() -> sqlx::Error {
    sqlx::Error::Io(io::ErrorKind::ConnectionRefused.into())
}

impl SharedDatabase for ModelServer {
    type Connection = Self;

    async fn connect(&self) -> Result<Self, sqlx::Error> {
        self.call(|_| ()).await?;
        Ok(self.clone())
    }

    async fn register(server: &mut Self, id: &str, stale_max: Duration) -> Result<(), sqlx::Error> {
        let row = Row { applied: None, stale_max, expired: false };
        let id = id.to_owned();
        server.call(move |tables| tables.instances.insert(id, row)).await.map(|_| ())
    }

    async fn confirm(server: &mut Self, id: &str, applied: i64) -> Result<bool, sqlx::Error> {
        let id = id.to_owned();
        let confirm = move |tables: &mut Tables| {
            let row = tables.instances.get_mut(&id).filter(|row| !row.expired);
            row.map(|row| row.applied = Some(applied)).is_some()
        };
        server.call(confirm).await
    }

    async fn state(
        server: &mut Self,
        position: &Position,
        id: &str,
    ) -> Result<ServerState, sqlx::Error> {
        let (position, id) = (position.clone(), id.to_owned());
        let state = move |tables: &mut Tables| ServerState {
            same_history: tables.changes.iter().any(|change| change.position == position),
            registered: tables.instances.get(&id).is_some_and(|row| !row.expired),
            first_change: tables.changes.first().map_or(0, |change| change.position.change),
            last_change: tables.last,
            sessions: 0,
            now: 0,
        };
        server.call(state).await
    }

    async fn unexpired(server: &mut Self) -> Result<Vec<InstanceRow>, sqlx::Error> {
        let unexpired = |tables: &mut Tables| {
            let rows = tables.instances.iter().filter(|(_, row)| !row.expired);
            let row = |(id, row): (&String, &Row)| {
                let (id, stale_max) = (id.clone(), row.stale_max);
                row.applied.map(|applied| InstanceRow { id, applied, stale_max })
            };
            rows.filter_map(row).collect()
        };
        server.call(unexpired).await
    }

    async fn expire(server: &mut Self, id: &str, change: i64) -> Result<(), sqlx::Error> {
        let id = id.to_owned();
        let expire = move |tables: &mut Tables| {
            if let Some(row) = tables.instances.get_mut(&id)
                && row.applied.is_some_and(|applied| applied < change)
            {
                row.expired = true;
            }
        };
        server.call(expire).await
    }

    async fn remove(server: &mut Self, id: &str) -> Result<(), sqlx::Error> {
        let id = id.to_owned();
        server.call(move |tables| tables.instances.remove(&id)).await.map(|_| ())
    }

    async fn end_all_sessions(server: &mut Self) -> Result<(), sqlx::Error> {
        server.call(|tables| tables.commit(Effect::EndsAll)).await.map(|_| ())
    }
}
