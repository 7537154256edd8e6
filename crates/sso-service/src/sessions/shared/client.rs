//! Asking Redis for records.

use std::sync::Arc;

use service_runtime::clock::Clock;
use tokio::sync::{mpsc, oneshot};
use tracing::{Instrument, error_span};

use super::{
    connect::{RedisError, connect},
    driver::Driver,
    health::RedisHealth,
    record::TokenRecord,
    servers::RedisServers,
};
use crate::tokens::TokenHash;

/// How many requests may wait for Redis.
const WAITING_READS: usize = 16 * 1024;
/// How many writes may wait. One that finds no place is left out: the record is read from the
/// database when it is asked for.
const WAITING_WRITES: usize = 64 * 1024;

/// The connection to Redis that all requests share. Clones share it.
#[derive(Debug, Clone)]
pub(crate) struct RedisClient {
    reads: mpsc::Sender<ReadRequest>,
    writes: mpsc::Sender<WriteRequest>,
    health: RedisHealth,
}

/// A record is asked for.
pub(super) struct ReadRequest {
    pub(super) hash: TokenHash,
    pub(super) answer: oneshot::Sender<Option<TokenRecord>>,
}

/// A record is to be stored, or removed.
pub(super) struct WriteRequest {
    pub(super) hash: TokenHash,
    pub(super) record: Option<TokenRecord>,
}

/// Redis does not answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("Redis cannot be reached")]
pub(crate) struct RedisUnreachable;

impl RedisClient {
    /// Connects, and connects again whenever the connection breaks. If Redis cannot be reached now,
    /// that is no error.
    ///
    /// # Errors
    /// When it is a Redis Cluster.
    pub(crate) async fn start(
        servers: RedisServers,
        clock: Arc<dyn Clock>,
    ) -> Result<Self, RedisError> {
        let health = RedisHealth::default();
        let connected = match connect(&servers).await {
            Err(RedisError::Cluster) => return Err(RedisError::Cluster),
            Err(error) => {
                health.note_first(&error);
                None
            }
            Ok(connected) => Some(connected),
        };
        let (reads, waiting_reads) = mpsc::channel(WAITING_READS);
        let (writes, waiting_writes) = mpsc::channel(WAITING_WRITES);
        let driver = Driver::new(servers, clock, waiting_reads, waiting_writes, health.clone());
        tokio::spawn(driver.run(connected).instrument(error_span!("redis")));
        Ok(Self { reads, writes, health })
    }

    pub(super) fn is_reachable(&self) -> bool {
        self.health.is_good()
    }

    /// The record of a token.
    ///
    /// # Errors
    /// When Redis does not answer in time, or too many requests wait for it.
    pub(super) async fn read(
        &self,
        hash: TokenHash,
    ) -> Result<Option<TokenRecord>, RedisUnreachable> {
        if !self.health.is_good() {
            return Err(RedisUnreachable);
        }
        let (answer, answered) = oneshot::channel();
        let request = ReadRequest { hash, answer };
        self.reads.try_send(request).map_err(|_| RedisUnreachable)?;
        answered.await.map_err(|_| RedisUnreachable)
    }

    /// Stores a record soon, until it expires.
    pub(super) fn store(&self, hash: TokenHash, record: TokenRecord) {
        self.write(hash, Some(record));
    }

    /// Removes a record soon.
    pub(super) fn remove(&self, hash: TokenHash) {
        self.write(hash, None);
    }

    fn write(&self, hash: TokenHash, record: Option<TokenRecord>) {
        if self.health.is_good() {
            let _ = self.writes.try_send(WriteRequest { hash, record });
        }
    }
}
