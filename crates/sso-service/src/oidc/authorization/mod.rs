//! Authorization requests, and what is exchanged for them.

mod exchange;
mod fault;
mod pkce;
mod request;
mod scope;

pub(crate) use exchange::{
    ClientAccess, ClientGrant, ClientRenewal, CodePresentation, CodeRedemption, Exchanged,
    NewClientTokens, NewCode, ReusedGrant,
};
pub(crate) use fault::RequestFault;
pub(crate) use pkce::CodeChallenge;
pub(crate) use request::{AuthorizationRequest, Freshness, RequestParameters, checked_state};
pub(crate) use scope::OidcScope;
