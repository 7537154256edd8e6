//! `GET /pods`: what the caller may read, as a list or as events.

mod entry;
mod events;
mod list;
mod query;

pub(super) use list::{PodList, list};
