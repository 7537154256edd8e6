//! Identifies callers: the authority is asked at every request, and no answer is kept.

mod answer;
mod authority;
mod batching;
mod caller;
mod credential;
mod identify_error;
mod instance;
mod instances;
mod resting;
mod revalidation;
mod token_end;

pub(crate) use authority::{Authority, AuthorityMetrics};
pub(crate) use caller::Caller;
pub(crate) use credential::Credential;
pub(crate) use identify_error::IdentifyError;
pub(crate) use instances::connections;
pub(crate) use resting::RestingInstances;
pub(crate) use revalidation::{Revalidation, RevalidationTimes};
pub(crate) use token_end::TokenEnd;
