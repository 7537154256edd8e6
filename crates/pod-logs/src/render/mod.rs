//! Chosen lines as the bytes of an answer, a bounded chunk at a time.

pub(crate) mod form;
pub(crate) mod front_records;
pub(crate) mod line_object;
pub(crate) mod line_writer;
pub(crate) mod objects;
pub(crate) mod rendering;
mod text;
mod volume;
