//! `watch=true`: changes as a stream of events.

mod options;
mod stream;

pub(in crate::http::kubernetes) use options::WatchOptions;
pub(in crate::http::kubernetes) use stream::{ChangeView, View, respond};
