//! The errors that a client is told at its own address (RFC 6749, section 4.1.2.1; OpenID Connect
//! Core, section 3.1.2.6).

/// An error for a client: its code, and a description for developers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct RequestFault {
    pub(crate) error: &'static str,
    pub(crate) description: &'static str,
}

const fn fault(error: &'static str, description: &'static str) -> RequestFault {
    RequestFault { error, description }
}

const INVALID: &str = "invalid_request";

impl RequestFault {
    pub(crate) const STATE: Self = fault(INVALID, "The parameter state is too long.");
    pub(crate) const NONCE: Self = fault(INVALID, "The parameter nonce is too long.");
    pub(crate) const PROMPT: Self = fault(INVALID, "The parameter prompt has a wrong value.");
    pub(crate) const MAX_AGE: Self = fault(INVALID, "The parameter max_age must be an integer.");
    pub(crate) const NO_RESPONSE_TYPE: Self =
        fault(INVALID, "The parameter response_type is required.");
    pub(crate) const RESPONSE_TYPE: Self =
        fault("unsupported_response_type", "The only response type is code.");
    pub(crate) const RESPONSE_MODE: Self = fault(INVALID, "The only response mode is query.");
    pub(crate) const SCOPE: Self = fault("invalid_scope", "The scope must contain openid.");
    pub(crate) const CHALLENGE: Self =
        fault(INVALID, "The parameter code_challenge must be a SHA-256 in Base64 for URLs.");
    pub(crate) const CHALLENGE_METHOD: Self =
        fault(INVALID, "PKCE with code_challenge_method S256 is required.");
    pub(crate) const REQUEST: Self =
        fault("request_not_supported", "Request objects are not supported.");
    pub(crate) const REQUEST_URI: Self =
        fault("request_uri_not_supported", "Request objects are not supported.");
    pub(crate) const REGISTRATION: Self =
        fault("registration_not_supported", "Clients are registered by administrators.");
    pub(crate) const LOGIN_REQUIRED: Self = fault("login_required", "The user must log in.");
    pub(crate) const INTERACTION_REQUIRED: Self =
        fault("interaction_required", "The user must be asked.");
    pub(crate) const NOT_ADMITTED: Self =
        fault("access_denied", "The user has none of the roles that the client requires.");
    pub(crate) const DENIED: Self = fault("access_denied", "The user refused.");
}
