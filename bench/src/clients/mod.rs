//! The clients that put load on the services, and what they count.

pub(crate) mod content;
pub(crate) mod guesses;
pub(crate) mod http;
pub(crate) mod load;
pub(crate) mod probe;
pub(crate) mod strangers;
