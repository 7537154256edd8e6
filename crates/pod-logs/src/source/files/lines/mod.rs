//! Lines found in files: as they stand there, joined, and counted from the end.

pub(crate) mod file_lines;
pub(crate) mod logical;
pub(crate) mod look_back;
pub(crate) mod physical;
pub(crate) mod physical_line;
pub(crate) mod span;
pub(crate) mod tail;
pub(crate) mod whole_lines;
