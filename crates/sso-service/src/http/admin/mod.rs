//! `/admin/…`: endpoints for callers with the permission `sso:admin`, which is equal to root.

pub(super) mod audit;
pub(super) mod clients;
pub(super) mod grants;
pub(super) mod keys;
mod page;
pub(super) mod roles;
pub(super) mod sessions;
#[cfg(test)]
mod tests;
pub(super) mod users;
