//! OpenID Connect: the service as a provider, with which clients log their users in.

mod authorization;
mod back_channel;
mod client;
mod first_party;
mod provider;
mod random_text;

pub(crate) use authorization::{
    AuthorizationRequest, ClientAccess, ClientGrant, ClientRenewal, CodeChallenge,
    CodePresentation, CodeRedemption, Exchanged, Freshness, NewClientTokens, NewCode, OidcScope,
    RequestFault, RequestParameters, ReusedGrant,
};
#[cfg(test)]
pub(crate) use back_channel::LogoutClaims;
pub(crate) use back_channel::{BackChannel, BackChannelError, LogoutNotice};
pub(crate) use client::{
    CallbackUri, ClientId, ClientName, ClientSettings, ClientUpdate, ClientUri, InvalidClientName,
    NewClient, OidcClient,
};
pub(crate) use first_party::{
    CodeOutcome, DeviceOutcome, DeviceRequest, NewDeviceRequest, POLL_INTERVAL, UserCode,
    VouchedSession, VouchedTokens,
};
pub(crate) use provider::{
    Authorizing, BeginError, GrantRefusal, GuessedDevice, IssuedTokens, LogOutParameters,
    LogOutWish, NextStep, OidcProvider, PresentedCode, UserClaims,
};
pub(crate) use random_text::RandomText;
