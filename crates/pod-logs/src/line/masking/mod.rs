//! Tokens of ours in what is served: every character behind the prefix becomes `*`.

mod begun_token;
mod token_scan;

pub(crate) use begun_token::BegunToken;
pub use token_scan::mask_tokens;
#[cfg(test)]
pub(crate) use token_scan::tests;
pub(crate) use token_scan::{
    IncompleteToken, TokenScan, mask_cut_off, mask_tokens_behind, may_hold_token,
};
