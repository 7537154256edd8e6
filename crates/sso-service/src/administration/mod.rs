//! What administrators do. Whoever may is decided before; each change is decided and written in
//! one transaction, in force at the next validation, and written down. Knows no HTTP.

mod actor;
mod desk;
mod error;
mod grants;
mod keys;
mod roles;
mod users;

pub(crate) use actor::Actor;
pub(crate) use desk::Administration;
pub(crate) use error::AdministrationError;
pub(crate) use keys::KeyWish;
pub(crate) use users::{NewUserWish, UserWish};
