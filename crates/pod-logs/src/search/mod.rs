//! Searching many lines at once.

pub(crate) mod ahead;
#[cfg(test)]
mod ahead_tests;
pub(crate) mod block_search;
pub(crate) mod extract;
#[cfg(test)]
mod tests;
