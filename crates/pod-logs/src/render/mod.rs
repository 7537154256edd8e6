//! Chosen lines as the bytes of an answer, a bounded chunk at a time.

pub(crate) mod form;
mod line_object;
pub(crate) mod objects;
pub(crate) mod rendering;
mod text;
mod volume;
