//! Figures, and how they are shown: on the terminal, and as a page of the documentation.

pub(crate) mod curve;
pub(crate) mod document;
mod machine;
pub(crate) mod rounds;
pub(crate) mod table;
