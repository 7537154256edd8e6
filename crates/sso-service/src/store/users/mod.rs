//! Users and roles.

mod administrators;
mod create;
mod look_ups;
mod password;
mod revocation;
mod roles;
mod rows;
mod sessions_end;
#[cfg(test)]
mod unrecorded;
mod update;

pub(super) use create::{Creator, assign_roles, create_user};
pub(super) use revocation::{revocable, revoke_user};
pub(super) use rows::{
    user_by_name, user_by_number, users_by_number, users_with_role, users_with_sessions,
};
pub(super) use sessions_end::end_all_sessions;
