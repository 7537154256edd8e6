//! Settings about JWTs.

use std::str::FromStr;

use service_runtime::settings::{Settings, list};

use crate::oauth::{Audience, Audiences, OAuthSettings};

/// Reads them.
pub(super) fn oauth(settings: &mut Settings) -> OAuthSettings {
    let audiences = settings.get("SSO_JWT_AUDIENCES", |text| list(text, Audience::from_str));
    OAuthSettings {
        audiences: Audiences::new(audiences.unwrap_or_default()),
        secret_key: settings.get_or_file("SSO_SECRET_KEY", str::parse),
        rsa_key: settings.get_lines_or_file("SSO_SIGNING_RSA_KEY", str::parse),
    }
}
