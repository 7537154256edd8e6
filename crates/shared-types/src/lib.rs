//! The vocabulary of the services, between them and towards their callers.
//!
//! Bearer tokens, permissions, the answers about tokens and sessions, and the form of errors.
//! Nothing here does I/O, asks for the time or knows an HTTP framework: the types parse input and
//! decide.

mod bearer;
mod leading_token;
mod name_prefix;
mod permission;
mod problem;
mod session_answer;
mod token;
mod validation;

pub use bearer::{Authorization, BearerToken, MalformedAuthorization};
pub use leading_token::{LeadingToken, MAX_TOKEN_BYTES, TOKEN_INITIALS};
pub use name_prefix::NamePrefix;
pub use permission::{
    AskedPermission, InvalidNameGlobs, InvalidPermission, NameGlobs, Permission, permits,
};
pub use problem::{FaultySource, FieldFault, ProblemDetails};
pub use session_answer::SessionAnswer;
pub use token::{TOKEN_ENTROPY_BYTES, TokenKind, encode_token};
pub use validation::{Identity, MAX_BATCH, RefusedEntry, TokenBatch, TokenTerms, Validation};

/// The paths of `sso-service` that the gateway and `kubectl sso` call.
pub mod paths {
    /// Begins a session.
    pub const LOG_IN: &str = "/auth/login";
    /// Renews a session.
    pub const REFRESH: &str = "/auth/refresh";
    /// Ends a session.
    pub const LOG_OUT: &str = "/auth/logout";
    /// Asks the authority about a token.
    pub const VALIDATE: &str = "/auth/validate";
    /// Asks the authority about several tokens.
    pub const VALIDATE_BATCH: &str = "/auth/validate/batch";
}
