//! The task that owns the connection to Redis.

use std::{mem, sync::Arc, time::Duration};

use chrono::{DateTime, Utc};
use futures_util::{StreamExt, future::BoxFuture, stream::FuturesUnordered};
use redis::{ErrorKind, Pipeline, ServerErrorKind, aio::MultiplexedConnection, cmd};
use service_runtime::clock::Clock;
use tokio::{
    sync::mpsc,
    time::{Instant, MissedTickBehavior, interval, sleep_until},
};

use super::{
    client::{ReadRequest, WriteRequest},
    connect::{Connected, connect},
    health::RedisHealth,
    record::{TokenRecord, key},
    servers::RedisServers,
};

/// How many records are read by one command, and written by one pipeline.
const BATCH: usize = 256;
/// How many commands that read are on their way at a time, beside one pipeline that writes. Requests
/// that come meanwhile share the next one.
const IN_FLIGHT: usize = 4;
/// How often an idle connection is probed.
const PROBE: Duration = Duration::from_secs(1);
/// The pause after the first attempt to connect that fails. It doubles up to [`LONGEST_PAUSE`].
const FIRST_PAUSE: Duration = Duration::from_millis(20);
const LONGEST_PAUSE: Duration = Duration::from_millis(400);

/// Sends the requests of all to Redis, those that wait together.
pub(super) struct Driver {
    servers: RedisServers,
    clock: Arc<dyn Clock>,
    reads: mpsc::Receiver<ReadRequest>,
    writes: mpsc::Receiver<WriteRequest>,
    health: RedisHealth,
    /// What Redis does when its memory is full, as it was last told to the operator.
    policy: Option<String>,
}

/// A command on its way.
type Flight = BoxFuture<'static, Result<(), redis::RedisError>>;

/// No client is left.
struct Finished;

impl Driver {
    pub(super) fn new(
        servers: RedisServers,
        clock: Arc<dyn Clock>,
        reads: mpsc::Receiver<ReadRequest>,
        writes: mpsc::Receiver<WriteRequest>,
        health: RedisHealth,
    ) -> Self {
        Self { servers, clock, reads, writes, health, policy: None }
    }

    /// Serves until no client is left.
    pub(super) async fn run(mut self, mut connected: Option<Connected>) {
        loop {
            let connection = match connected.take() {
                Some(connected) => connected,
                None => match self.reconnect().await {
                    Ok(connected) => connected,
                    Err(Finished) => return,
                },
            };
            self.warn_of_eviction(connection.policy);
            self.health.note_connection();
            match self.serve(connection.connection).await {
                Ok(Finished) => return,
                Err(error) => self.health.note_failure(&error.into()),
            }
        }
    }

    /// Connects, however long it takes. Meanwhile every request fails at once.
    async fn reconnect(&mut self) -> Result<Connected, Finished> {
        let mut pause = FIRST_PAUSE;
        loop {
            let attempt = self.servers.clone();
            let mut attempt = Box::pin(async move { connect(&attempt).await });
            let attempted = loop {
                tokio::select! {
                    attempted = &mut attempt => break attempted,
                    refused = Self::refuse(&mut self.reads, &mut self.writes) => refused?,
                }
            };
            match attempted {
                Ok(connected) => return Ok(connected),
                Err(error) => self.health.note_failure(&error),
            }
            let next = Instant::now() + pause;
            pause = (2 * pause).min(LONGEST_PAUSE);
            loop {
                tokio::select! {
                    () = sleep_until(next) => break,
                    refused = Self::refuse(&mut self.reads, &mut self.writes) => refused?,
                }
            }
        }
    }

    /// Drops a request, which tells its client that Redis cannot be reached.
    async fn refuse(
        reads: &mut mpsc::Receiver<ReadRequest>,
        writes: &mut mpsc::Receiver<WriteRequest>,
    ) -> Result<(), Finished> {
        tokio::select! {
            read = reads.recv() => read.map(drop).ok_or(Finished),
            Some(_) = writes.recv() => Ok(()),
        }
    }

    /// Serves by this connection until it breaks. Requests without an answer then fail.
    async fn serve(
        &mut self,
        connection: MultiplexedConnection,
    ) -> Result<Finished, redis::RedisError> {
        let mut reading = FuturesUnordered::<Flight>::new();
        let mut writing = FuturesUnordered::<Flight>::new();
        let (mut reads, mut writes) = (Vec::new(), Vec::new());
        let mut probes = interval(PROBE);
        probes.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                biased;
                Some(landed) = reading.next() => landed?,
                Some(landed) = writing.next() => landed?,
                _ = probes.tick(), if reading.is_empty() => {
                    reading.push(probe(connection.clone()));
                }
                found = self.reads.recv_many(&mut reads, BATCH), if reading.len() < IN_FLIGHT => {
                    if found == 0 {
                        return Ok(Finished);
                    }
                    reading.push(read(connection.clone(), mem::take(&mut reads)));
                }
                found = self.writes.recv_many(&mut writes, BATCH), if writing.is_empty() => {
                    if found == 0 {
                        return Ok(Finished);
                    }
                    let commands = commands(mem::take(&mut writes), self.clock.now());
                    writing.push(write(connection.clone(), commands, self.health.clone()));
                }
            }
        }
    }

    fn warn_of_eviction(&mut self, policy: Option<String>) {
        if policy != self.policy
            && let Some(policy) = policy.as_ref().filter(|policy| *policy != "noeviction")
        {
            tracing::warn!(
                policy,
                "maxmemory-policy of Redis should be noeviction: each evicted token is read from \
                 the database again"
            );
        }
        self.policy = policy;
    }
}

fn read(mut connection: MultiplexedConnection, requests: Vec<ReadRequest>) -> Flight {
    Box::pin(async move {
        let mut command = cmd("MGET");
        for request in &requests {
            command.arg(key(&request.hash));
        }
        let found: Vec<Option<Vec<u8>>> = command.query_async(&mut connection).await?;
        for (request, found) in requests.into_iter().zip(found) {
            let record = found.and_then(|bytes| TokenRecord::decode(&bytes));
            let _ = request.answer.send(record);
        }
        Ok(())
    })
}

fn commands(requests: Vec<WriteRequest>, now: DateTime<Utc>) -> Pipeline {
    let mut commands = Pipeline::new();
    for WriteRequest { hash, record } in requests {
        match record {
            Some(record) => {
                let left = record.expires_at.saturating_sub(now.timestamp_millis()).max(1);
                let value = record.encode();
                commands.cmd("SET").arg(key(&hash)).arg(&value[..]).arg("PX").arg(left)
            }
            None => commands.cmd("UNLINK").arg(key(&hash)),
        }
        .ignore();
    }
    commands
}

fn write(mut connection: MultiplexedConnection, commands: Pipeline, health: RedisHealth) -> Flight {
    Box::pin(async move {
        let written: Result<(), _> = commands.query_async(&mut connection).await;
        match &written {
            Err(error) if is_refusal(error) => health.note_write(Err(error)),
            Err(_) => return written,
            Ok(()) => health.note_write(Ok(())),
        }
        Ok(())
    })
}

/// Whether the server is up, and refuses to write. A replica refuses as well, and has to be left.
fn is_refusal(error: &redis::RedisError) -> bool {
    match error.kind() {
        ErrorKind::Server(ServerErrorKind::ReadOnly | ServerErrorKind::MasterDown) => false,
        ErrorKind::Server(_) | ErrorKind::Extension => true,
        _ => false,
    }
}

fn probe(mut connection: MultiplexedConnection) -> Flight {
    Box::pin(async move { cmd("PING").query_async(&mut connection).await })
}
