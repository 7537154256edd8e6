//! Searching many lines at once.

pub(crate) mod block_search;
#[cfg(test)]
mod tests;
