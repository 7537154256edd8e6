//! Who asks: the authority says it, at every request anew, and nothing is kept.

mod caller;
mod sso;
mod vigil;

pub(crate) use caller::Caller;
pub(crate) use sso::{Authority, AuthorityMetrics, Refusal};
pub(crate) use vigil::{Vigil, VigilTimes};
