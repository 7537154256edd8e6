//! The clients that load the services, and their counters.

pub(crate) mod content;
pub(crate) mod guesses;
pub(crate) mod http;
pub(crate) mod load;
pub(crate) mod probe;
pub(crate) mod strangers;
