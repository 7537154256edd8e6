//! Figures, and the table that shows them.

pub(crate) mod rounds;
pub(crate) mod table;
