//! `GET /pods`: as a list, and as events.

mod events;
mod list;
