//! What administrators do. In one transaction, each change is authorised once more, decided, written
//! and recorded; it is in force at the next validation. Knows no HTTP.

mod actor;
mod authorization;
mod desk;
mod error;
mod grants;
mod keys;
mod roles;
mod users;

pub(crate) use actor::{Actor, administer};
pub(crate) use desk::Administration;
pub(crate) use error::AdministrationError;
pub(crate) use keys::KeyWish;
pub(crate) use users::{NewUserWish, UserWish};
