//! A log in exactly the bytes that the kubelet gives, quirks included
//! (`kubernetes/cri-client/pkg/logs`).
//!
//! It reads lines as the rest does and joins none: a piece is written where it stands.

mod quote;
mod reading;
#[cfg(test)]
mod recorded;
mod rendering;
mod tail;
mod whole_lines;

pub use quote::Quoted;
pub use reading::KubeletReading;
pub use rendering::KubeletOptions;
pub(crate) use rendering::{KubeletError, KubeletRendering};
