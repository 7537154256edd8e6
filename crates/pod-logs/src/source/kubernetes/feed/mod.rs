//! The log of a container as one stream of bytes: where a connection is cut, the next one goes on
//! at the same byte.

pub(crate) mod continuation;
pub(crate) mod feed_group;
pub(crate) mod line_place;
pub(crate) mod line_tracker;
pub(crate) mod log_feed;
pub(crate) mod piece;
pub(crate) mod piece_channel;
