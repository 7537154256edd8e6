//! Who may log in: names, passwords, and what each may do.

mod account;
mod changes;
mod email;
mod hash_queues;
mod hasher;
mod password;
mod password_hash;
mod permissions;
mod role;
mod role_name;
mod spelling;
mod username;

pub(crate) use account::{Account, User};
pub(crate) use changes::{Extent, FirstAdmin, NewUser, PasswordChange, UserUpdate};
pub(crate) use email::Email;
pub(crate) use hash_queues::Asker;
#[cfg(test)]
pub(crate) use hasher::tests::closed_to_strangers;
pub(crate) use hasher::{HashError, Hasher, PATIENCE};
pub(crate) use password::{MAX_PASSWORD_BYTES, Password, PasswordFault, PasswordRules};
#[cfg(test)]
pub(crate) use password_hash::{HashMemory, hash_password};
pub(crate) use password_hash::{PasswordHash, Verdict};
pub(crate) use permissions::{Granted, Permissions};
pub(crate) use role::Role;
pub(crate) use role_name::{InvalidRoleName, RoleName};
pub(crate) use spelling::Spelling;
pub(crate) use username::{InvalidUsername, Username, canonical_name};
