//! What goes over the wire: bodies, query strings, responses and the values in them.

pub(super) mod accept;
pub(super) mod body_faults;
pub(super) mod form;
pub(super) mod instant;
pub(super) mod json;
pub(super) mod member;
pub(super) mod query;
pub(super) mod response;
pub(super) mod source;
pub(super) mod validation;
