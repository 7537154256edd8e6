//! How services of tests are configured.

use super::{LIFETIMES, LIMITS};
use crate::{
    accounts::Registration, authority::Lifetimes, mail::MailSettings, sessions::SessionLimits,
    signing_keys::RsaSigningKey, store::Location, upstream::UpstreamSettings,
};

/// How a service of tests is configured.
pub(super) struct TestSettings<'a> {
    pub(super) lifetimes: Lifetimes,
    pub(super) limits: SessionLimits,
    pub(super) location: &'a Location,
    pub(super) registration: Registration,
    pub(super) rsa_key: Option<RsaSigningKey>,
    pub(super) mail_port: u16,
    pub(super) must_verify: bool,
    /// The issuer of the provider, and the map of roles.
    pub(super) upstream: (&'a str, Option<&'a str>),
}

impl Default for TestSettings<'_> {
    fn default() -> Self {
        Self {
            lifetimes: LIFETIMES,
            limits: LIMITS,
            location: &Location::Memory,
            registration: Registration::Open,
            rsa_key: None,
            // Nothing is sent without work in the background.
            mail_port: 1,
            must_verify: false,
            upstream: ("http://127.0.0.1:1", None),
        }
    }
}

/// A provider at this issuer.
pub(super) fn upstream_settings((issuer, roles): (&str, Option<&str>)) -> UpstreamSettings {
    UpstreamSettings {
        issuer: issuer.parse().unwrap(),
        client_id: "logs".to_owned(),
        client_secret: "the secret of logs".to_owned().into(),
        name: "Example login".to_owned(),
        username_claim: "preferred_username".to_owned(),
        roles_claim: "groups".to_owned(),
        roles: roles.map(|roles| roles.parse().unwrap()),
    }
}

/// A server of mail at this port.
pub(super) fn mail_settings(port: u16) -> MailSettings {
    MailSettings {
        server: format!("smtp://127.0.0.1:{port}").parse().unwrap(),
        from: "Logs <logs@example.org>".parse().unwrap(),
    }
}
