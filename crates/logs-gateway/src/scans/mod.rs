//! A fair share of the machine for every user: reading logs takes turns.

mod fair_queue;
mod schedule;
mod turn;
mod user_scans;

#[cfg(test)]
mod fair_queue_model;

pub(crate) use user_scans::{ScanError, Scans, UserScans, is_little};
