//! Values that several examples have in common. The tokens are none: their checksums are wrong.

use serde_json::{Value, json};

pub(super) const ID: &str = "019b2f62-7d3c-7a51-9d0e-3f0c8a1b2c3d";
pub(super) const ALICE: &str = "alice";
pub(super) const PASSWORD: &str = "correct horse battery staple";
pub(super) const NEW_PASSWORD: &str = "seven wide rivers under the moon";
pub(super) const BEGIN: &str = "2027-01-15T08:00:00Z";
pub(super) const END: &str = "2027-01-15T08:30:00Z";
pub(super) const PERMISSION: &str = "logs:read:shop/*";
pub(super) const TOKEN: &str = "sso_0000000000000000000000000000000000000000000_000000";
pub(super) const REFRESH_TOKEN: &str = "ssor_0000000000000000000000000000000000000000000_000000";
pub(super) const KEY: &str = "ssok_0000000000000000000000000000000000000000000_000000";

/// The answer about a live token.
pub(super) fn validation() -> Value {
    json!({
        "success": true,
        "authorized": true,
        "username": ALICE,
        "user_id": ID,
        "roles": ["reader"],
        "permissions": ["logs:read"],
        "session_id": ID,
        "issued_at": BEGIN,
        "expires_at": END,
    })
}

/// The members of one example and of another.
pub(super) fn joined(mut one: Value, other: Value) -> Value {
    if let (Value::Object(one), Value::Object(other)) = (&mut one, other) {
        one.extend(other);
    }
    one
}
