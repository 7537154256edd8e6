//! The first-party client, `kubectl-sso`: it gets sessions of its users, by a code in a browser or
//! by a device code (RFC 8628).

mod device;
mod guesses;
mod polls;
mod session;
mod user_code;

pub(crate) use device::{DeviceOutcome, DeviceRequest, NewDeviceRequest};
pub(crate) use guesses::CodeGuesses;
pub(crate) use polls::{DevicePolls, POLL_INTERVAL};
pub(crate) use session::{CodeOutcome, VouchedSession, VouchedTokens};
pub(crate) use user_code::UserCode;
