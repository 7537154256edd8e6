//! `/admin/…`: for whoever holds `sso:admin`, who is as powerful as root.

mod audit;
mod grants;
mod keys;
mod page;
mod roles;
mod routes;
mod sessions;
#[cfg(test)]
mod tests;
mod users;

pub(super) use routes::routes;
