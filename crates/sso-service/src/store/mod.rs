//! Where everything is kept that lasts: users, roles, keys, grants, sessions, security events.
//!
//! Use cases call the [`Store`] by commands, which say what shall happen. A look-up gives an
//! `Option`; what needs the time takes it as an argument; a rule is checked in the transaction that
//! writes; a change and its security events are one transaction. All SQL is in here, and runs on
//! SQLite as on PostgreSQL; `database` holds what differs between the two.

mod attribution;
mod audit;
mod authorization;
mod clients;
mod database;
mod errors;
mod grants;
mod handle;
mod keys;
mod location;
mod mail;
mod migration;
mod paging;
mod sessions;
mod sql;
#[cfg(test)]
mod testing;
#[cfg(test)]
mod tests;
mod time;
mod unavailable;
mod upstream;
mod users;
mod waiting;

pub(crate) use attribution::{Attribution, Authorization, Credential, Recorded};
#[cfg(feature = "simulation")]
pub use database::SimulatedDatabase;
pub(crate) use database::{
    InstanceLock, LockError, MigrationError, MovedTable, OpenError, Sharing,
};
pub(crate) use errors::{
    AuthorizationError, AuthorizedError, BeginSessionError, ChangeError, ClientError, CodeError,
    CreateUserError, GrantError, KeyError, MintSessionsError, PasswordChangeError, RequestError,
    StoreError, TooManySessions, VouchError,
};
pub(crate) use handle::Store;
pub(crate) use location::Location;
pub(crate) use mail::{OwedMail, PasswordReset, ResetError, VerifyEmailError};
pub(crate) use migration::move_database;
pub(crate) use unavailable::Unavailable;
pub(crate) use upstream::{NewUpstreamLogIn, UpstreamIdentity, UpstreamRoles, UpstreamUserError};
