//! OpenID Connect: the service as a provider, with which clients log their users in.

mod authorization;
mod client;
mod provider;
mod random_text;

pub(crate) use authorization::{
    AuthorizationRequest, ClientAccess, ClientGrant, ClientRenewal, CodeChallenge, CodeRedemption,
    Exchanged, NewClientTokens, NewCode, OidcScope, RequestFault, RequestParameters, ReusedGrant,
};
pub(crate) use client::{
    CallbackUri, ClientName, ClientSettings, ClientUpdate, ClientUri, InvalidClientName, NewClient,
    OidcClient,
};
pub(crate) use provider::{
    Authorizing, BeginError, GrantRefusal, IssuedTokens, LogOutParameters, LogOutWish, NextStep,
    OidcProvider, PresentedCode, UserClaims,
};
pub(crate) use random_text::RandomText;
