//! Who asks: the authority says it, at every request anew, and nothing is kept.

mod answer;
mod authority;
mod batching;
mod caller;
mod instance;
mod refusal;
mod rests;
mod sso;
mod token_end;
mod vigil;

pub(crate) use authority::{Authority, AuthorityMetrics};
pub(crate) use caller::Caller;
pub(crate) use refusal::Refusal;
pub(crate) use sso::connections;
pub(crate) use token_end::TokenEnd;
pub(crate) use vigil::{Vigil, VigilTimes};
