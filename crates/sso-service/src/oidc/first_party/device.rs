//! Devices that wait for a user to agree in a browser (RFC 8628).

use std::net::IpAddr;

use chrono::{DateTime, Utc};

use super::{session::VouchedSession, user_code::UserCode};
use crate::{network::Network, tokens::TokenHash};

/// The request of a device, to be stored.
#[derive(Debug)]
pub(crate) struct NewDeviceRequest {
    /// The hash of the device code.
    pub(crate) hash: TokenHash,
    pub(crate) user_code: UserCode,
    pub(crate) network: Network,
    pub(crate) ip: IpAddr,
    pub(crate) now: DateTime<Utc>,
    pub(crate) expires_at: DateTime<Utc>,
}

/// The request of a device that waits, as its user sees it.
#[derive(Debug)]
pub(crate) struct DeviceRequest {
    /// The address of the device, seen through trusted proxies.
    pub(crate) ip: String,
    pub(crate) created_at: DateTime<Utc>,
}

/// The state of the request of a device that asks.
#[derive(Debug)]
pub(crate) enum DeviceOutcome {
    /// The user has agreed, and the session has begun.
    Begun(Box<VouchedSession>),
    /// The user has not decided yet.
    Waiting,
    Refused,
    /// Its time is over, or the session of the user who agreed has ended.
    Expired,
    /// There is none, or its session has begun before.
    Unknown,
}
