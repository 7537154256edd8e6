//! What the provider says about itself (OpenID Connect Discovery 1.0), and its keys (RFC 7517).

use jsonwebtoken::{Algorithm, DecodingKey};
use serde::{Deserialize, Deserializer, de::Error};
use url::Url;

use super::{error::UpstreamError, settings::is_protected};

/// What the provider says about itself.
#[derive(Debug, Deserialize)]
pub(super) struct ProviderMetadata {
    pub(super) issuer: String,
    #[serde(deserialize_with = "url")]
    pub(super) authorization_endpoint: Url,
    #[serde(deserialize_with = "url")]
    pub(super) token_endpoint: Url,
    #[serde(deserialize_with = "url")]
    pub(super) jwks_uri: Url,
    #[serde(default, deserialize_with = "optional_url")]
    pub(super) userinfo_endpoint: Option<Url>,
    #[serde(default)]
    token_endpoint_auth_methods_supported: Vec<String>,
    #[serde(default)]
    pub(super) authorization_response_iss_parameter_supported: bool,
}

/// The keys of the provider.
#[derive(Debug, Default, Deserialize)]
pub(super) struct ProviderKeys {
    keys: Vec<ProviderKey>,
}

/// A key. Those of other kinds have none of these members, or are of another type.
#[derive(Debug, Deserialize)]
struct ProviderKey {
    kty: String,
    kid: Option<String>,
    #[serde(rename = "use")]
    usage: Option<String>,
    alg: Option<String>,
    crv: Option<String>,
    n: Option<String>,
    e: Option<String>,
    x: Option<String>,
    y: Option<String>,
}

fn url<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Url, D::Error> {
    Url::parse(&String::deserialize(deserializer)?).map_err(D::Error::custom)
}

fn optional_url<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Url>, D::Error> {
    let text = Option::<String>::deserialize(deserializer)?;
    text.map(|text| Url::parse(&text)).transpose().map_err(D::Error::custom)
}

impl ProviderMetadata {
    /// Checks that this is the provider that is configured, and that nothing is sent in plain.
    ///
    /// # Errors
    /// When it is not.
    pub(super) fn check(&self, issuer: &str) -> Result<(), UpstreamError> {
        if self.issuer != issuer {
            return Err(UpstreamError::Invalid("its metadata name another issuer"));
        }
        let urls = [&self.authorization_endpoint, &self.token_endpoint, &self.jwks_uri];
        let urls = urls.into_iter().chain(&self.userinfo_endpoint);
        match urls.into_iter().all(is_protected) {
            true => Ok(()),
            false => Err(UpstreamError::Invalid("its metadata name a URL without TLS")),
        }
    }

    /// Whether the secret goes into the body of a request for tokens: only where the header is not
    /// accepted. Without a list, it is (OpenID Connect Discovery 1.0 §3).
    pub(super) fn takes_secret_in_body(&self) -> bool {
        let methods = &self.token_endpoint_auth_methods_supported;
        let takes = |method: &str| methods.iter().any(|other| other == method);
        takes("client_secret_post") && !takes("client_secret_basic")
    }
}

impl ProviderKeys {
    /// The key of a token with this header. A key is used with its own algorithm alone.
    pub(super) fn find(&self, id: Option<&str>, algorithm: Algorithm) -> Option<DecodingKey> {
        let mut keys = self.keys.iter().filter(|key| key.is_for(id, algorithm));
        let key = keys.next()?;
        // Without an id, there must not be a choice.
        let is_clear = id.is_some() || keys.next().is_none();
        key.decoding().filter(|_| is_clear)
    }
}

impl ProviderKey {
    fn is_for(&self, id: Option<&str>, algorithm: Algorithm) -> bool {
        let (kty, alg) = match algorithm {
            Algorithm::ES256 => ("EC", "ES256"),
            Algorithm::RS256 => ("RSA", "RS256"),
            _ => return false,
        };
        self.kty == kty
            && self.alg.as_deref().is_none_or(|named| named == alg)
            && self.usage.as_deref().is_none_or(|usage| usage == "sig")
            && (kty == "RSA" || self.crv.as_deref() == Some("P-256"))
            && (id.is_none() || self.kid.as_deref() == id)
    }

    fn decoding(&self) -> Option<DecodingKey> {
        match &*self.kty {
            "EC" => DecodingKey::from_ec_components(self.x.as_deref()?, self.y.as_deref()?).ok(),
            _ => DecodingKey::from_rsa_components(self.n.as_deref()?, self.e.as_deref()?).ok(),
        }
    }
}
