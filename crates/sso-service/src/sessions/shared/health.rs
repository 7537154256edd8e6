//! Whether Redis answers.

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use super::connect::RedisError;

/// Whether Redis answered the last time. Clones tell the same.
#[derive(Debug, Clone, Default)]
pub(super) struct RedisHealth {
    reachable: Arc<AtomicBool>,
    /// Whether it refuses writes, as one that is full does.
    refuses: Arc<AtomicBool>,
}

impl RedisHealth {
    pub(super) fn is_good(&self) -> bool {
        self.reachable.load(Ordering::Acquire)
    }

    pub(super) fn note_connection(&self) {
        if !self.reachable.swap(true, Ordering::AcqRel) {
            tracing::info!("Redis can be reached: tokens can be validated");
        }
    }

    pub(super) fn note_failure(&self, error: &RedisError) {
        if self.reachable.swap(false, Ordering::AcqRel) {
            tracing::error!(%error, "Redis cannot be reached: not ready");
        }
    }

    /// Notes the first attempt of all, before which nothing was known.
    pub(super) fn note_first(&self, error: &RedisError) {
        tracing::error!(%error, "Redis cannot be reached: not ready");
    }

    /// Notes a write: a refused one costs a read of the database later, and nothing else.
    pub(super) fn note_write(&self, written: Result<(), &redis::RedisError>) {
        let refused_before = self.refuses.swap(written.is_err(), Ordering::Relaxed);
        match written {
            Err(error) if !refused_before => {
                tracing::warn!(%error, "Redis refuses writes: tokens are read from the database");
            }
            Ok(()) if refused_before => tracing::info!("Redis accepts writes again"),
            _ => {}
        }
    }
}
