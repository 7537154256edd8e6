//! Users: names, passwords, roles and permissions.

mod account;
mod changes;
mod email;
mod hashing;
mod password;
mod permissions;
mod role;
mod role_name;
mod spelling;
mod username;

pub(crate) use account::{Account, User};
pub(crate) use changes::{FirstAdmin, NewUser, OwnPasswordChange, RevocationScope, UserUpdate};
pub(crate) use email::Email;
pub(crate) use hashing::{
    HashError, HashRequester, Hasher, PATIENCE, PasswordHash, PasswordVerdict,
};
#[cfg(test)]
pub(crate) use hashing::{HashMemory, closed_to_strangers, hash_password, held_up};
pub(crate) use password::{MAX_PASSWORD_BYTES, Password, PasswordFault, PasswordRules};
pub(crate) use permissions::{Granted, Permissions};
pub(crate) use role::Role;
pub(crate) use role_name::{InvalidRoleName, RoleName};
pub(crate) use spelling::Spelling;
pub(crate) use username::{InvalidUsername, Username, canonical_name};
