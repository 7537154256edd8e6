//! Documents at well-known paths (RFC 8615): public keys and metadata.

mod document;
pub(super) mod jwks;
pub(super) mod metadata;
