//! Log-ins of the past.

use std::net::IpAddr;

use chrono::{DateTime, Utc};
use uuid::Uuid;

/// A log-in that succeeded, as its event tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct PastLogIn {
    pub(crate) user_id: Uuid,
    pub(crate) ip: IpAddr,
    pub(crate) at: DateTime<Utc>,
}
