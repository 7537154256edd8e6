//! Sessions: who is logged in, until when.

mod session;
mod store;
mod sweeper;

pub(crate) use session::{Client, RefreshGrant, Session};
pub(crate) use store::{Limits, SessionStore, TooManySessions};
pub(crate) use sweeper::sweep_forever;
