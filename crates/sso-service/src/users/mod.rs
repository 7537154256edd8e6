//! Who may log in: names, passwords, and the database they are kept in.

mod account;
mod fair_share;
mod first_admin;
mod hasher;
mod password;
mod password_hash;
mod store;
mod username;

pub(crate) use account::{Account, User};
pub(crate) use first_admin::{FirstAdmin, FirstAdminError, ensure_admin};
pub(crate) use hasher::{HashError, Hasher, PATIENCE};
pub(crate) use password::{MAX_PASSWORD_BYTES, Password, PasswordFault, PasswordRules};
pub(crate) use password_hash::{HashFault, HashMemory, PasswordHash, Verdict, hash_password};
pub(crate) use store::{CreateError, Database, NewUser, OpenError, StoreError, UserStore};
pub(crate) use username::{InvalidUsername, Username};
