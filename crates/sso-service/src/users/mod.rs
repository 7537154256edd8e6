//! Who may log in: names, passwords, and what each may do.

mod account;
mod admins;
mod email;
mod errors;
mod first_admin;
mod hash_queues;
mod hasher;
mod password;
mod password_hash;
mod permissions;
mod revocation;
mod role_name;
mod roles;
mod row;
mod spelling;
mod store;
mod update;
mod username;

pub(crate) use account::{Account, User};
pub(crate) use email::Email;
pub(crate) use errors::{ChangeError, CreateError, PasswordChangeError, StoreError};
pub(crate) use first_admin::{FirstAdmin, FirstAdminError, ensure_admin};
pub(crate) use hash_queues::Asker;
#[cfg(test)]
pub(crate) use hasher::tests::closed_to_strangers;
pub(crate) use hasher::{HashError, Hasher, PATIENCE};
pub(crate) use password::{MAX_PASSWORD_BYTES, Password, PasswordFault, PasswordRules};
pub(crate) use password_hash::{HashFault, HashMemory, PasswordHash, Verdict, hash_password};
pub(crate) use permissions::Permissions;
pub(crate) use revocation::{Extent, revocable};
pub(crate) use role_name::{InvalidRoleName, RoleName};
pub(crate) use roles::{Role, delete_role, set_role};
pub(crate) use row::{user_by_number, users_by_number, users_with_role, users_with_sessions};
pub(crate) use spelling::Spelling;
pub(crate) use store::{
    NewUser, UserStore, create_user, delete_user, end_all_sessions, end_user_sessions,
};
pub(crate) use update::{PasswordChange, UserUpdate, change_password, update_user};
pub(crate) use username::{InvalidUsername, Username, canonical_name};
