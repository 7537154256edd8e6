//! Chosen lines as the bytes of an answer, a bounded chunk at a time.

pub(crate) mod form;
pub(crate) mod objects;
pub(crate) mod rendering;
mod text;
