//! Hashing passwords: argon2id, on few threads with a short queue before them.

mod hash_queues;
mod hasher;
mod password_hash;

pub(crate) use hash_queues::HashRequester;
#[cfg(test)]
pub(crate) use hasher::hasher_tests::{closed_to_strangers, held_up};
pub(crate) use hasher::{HashError, Hasher, PATIENCE};
#[cfg(test)]
pub(crate) use password_hash::{HashMemory, hash_password};
pub(crate) use password_hash::{PasswordHash, PasswordVerdict};
