//! What shows who the caller is.

use std::rc::Rc;

use shared_types::BearerToken;

/// What shows who the caller is, for as long as an answer lasts.
#[derive(Debug, Clone)]
pub(crate) enum Credential {
    /// A token, about which the authority is asked again and again.
    Token(Rc<BearerToken>),
    /// The word of a front, which asks the authority itself and ends what it has forwarded.
    Front,
}
