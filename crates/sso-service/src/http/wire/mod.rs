//! What goes over the wire: bodies, answers and the values in them.

pub(super) mod answer;
pub(super) mod instant;
pub(super) mod json_body;
pub(super) mod source;
pub(super) mod validation;
