//! Clients are told when sessions end (OpenID Connect Back-Channel Logout 1.0).

mod logout_token;
mod notice;
mod sender;

#[cfg(test)]
pub(crate) use logout_token::LogoutClaims;
pub(crate) use notice::LogoutNotice;
pub(crate) use sender::{BackChannel, BackChannelError};
