//! A log in exactly the bytes that the kubelet gives, quirks included
//! (`kubernetes/cri-client/pkg/logs`).
//!
//! Lines are read as everywhere else and not joined: a partial line is written where it stands.

mod entry_writer;
pub(crate) mod options;
pub(crate) mod quote;
pub(crate) mod reading;
#[cfg(test)]
mod recorded_tests;
mod rendering;
#[cfg(test)]
mod rendering_model;
#[cfg(test)]
mod rendering_tests;
mod tail;
mod token_mask;
#[cfg(test)]
mod token_mask_tests;
