//! Settings about the OpenID provider that users log in by.

use std::convert::Infallible;

use service_runtime::{settings::Settings, tls::Trust};
use zeroize::Zeroizing;

use crate::{
    text::is_invisible,
    upstream::{Issuer, UpstreamSettings},
};

const ISSUER: &str = "SSO_OIDC_ISSUER";
const CLIENT_ID: &str = "SSO_OIDC_CLIENT_ID";
const CLIENT_SECRET: &str = "SSO_OIDC_CLIENT_SECRET";
const CLIENT_SECRET_FILE: &str = "SSO_OIDC_CLIENT_SECRET_FILE";
const OTHERS: [&str; 4] =
    ["SSO_OIDC_NAME", "SSO_OIDC_USERNAME_CLAIM", "SSO_OIDC_ROLES_CLAIM", "SSO_OIDC_ROLES"];
/// The longest name of the provider, in characters: it stands on a button.
const MAX_NAME: usize = 60;

/// The provider. Issuer, client id and secret are set together or not at all.
pub(super) fn upstream(settings: &mut Settings) -> Option<(UpstreamSettings, Trust)> {
    let is_set = settings.has(ISSUER) || settings.has("SSO_OIDC_ISSUER_FILE");
    check_complete(settings, is_set);
    let issuer = settings.get_or_file(ISSUER, str::parse::<Issuer>);
    let client_id = settings.get(CLIENT_ID, client_id);
    let client_secret = settings
        .get_or_file(CLIENT_SECRET, |text| Ok::<_, Infallible>(Zeroizing::new(text.to_owned())));
    let [name, username_claim, roles_claim, _] = OTHERS.map(|other| match other {
        "SSO_OIDC_ROLES" => None,
        other => settings.get(other, short_text),
    });
    let roles = settings.get_or_file("SSO_OIDC_ROLES", str::parse);
    let issuer = issuer?;
    // Without an authority, no certificate is trusted, and the provider cannot be reached.
    let trust = Trust::system().unwrap_or_else(|_| Trust::none());
    let upstream = UpstreamSettings {
        name: name.unwrap_or_else(|| issuer.host()),
        issuer,
        client_id: client_id?,
        client_secret: client_secret?,
        username_claim: username_claim.unwrap_or_else(|| "preferred_username".to_owned()),
        roles_claim: roles_claim.unwrap_or_else(|| "groups".to_owned()),
        roles,
    };
    Some((upstream, trust))
}

fn check_complete(settings: &mut Settings, is_set: bool) {
    let has_secret = settings.has(CLIENT_SECRET) || settings.has(CLIENT_SECRET_FILE);
    if is_set {
        if !settings.has(CLIENT_ID) {
            settings.fault(CLIENT_ID, "is not set, but SSO_OIDC_ISSUER is");
        }
        if !has_secret {
            settings.fault(CLIENT_SECRET, "is not set, but SSO_OIDC_ISSUER is");
        }
    } else if has_secret || settings.has(CLIENT_ID) || OTHERS.iter().any(|name| settings.has(name))
    {
        settings.fault(ISSUER, "is not set, but another variable of the provider is");
    }
}

/// RFC 6749, appendix A.1.
fn client_id(text: &str) -> Result<String, &'static str> {
    match text.bytes().all(|byte| matches!(byte, 0x20..=0x7e)) {
        true => Ok(text.to_owned()),
        false => Err("must be visible ASCII"),
    }
}

fn short_text(text: &str) -> Result<String, &'static str> {
    match text.chars().count() <= MAX_NAME && !text.chars().any(is_invisible) {
        true => Ok(text.to_owned()),
        false => Err("must have at most 60 visible characters"),
    }
}
