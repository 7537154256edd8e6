//! ID tokens that are presented to the service again, as hints at their user and session.

use jsonwebtoken::{Algorithm, DecodingKey, Validation, decode, decode_header};
use serde::Deserialize;
use uuid::Uuid;

use super::{signing::SigningKeys, signing_error::SigningError};
use crate::{oidc::ClientId, signing_keys::JwtType};

/// The longest ID token that is read, in bytes.
const MAX_BYTES: usize = 8192;

/// What an ID token of this service says. It may have expired.
#[derive(Debug, Deserialize)]
pub(crate) struct IdTokenHint {
    /// The service that issued it.
    pub(crate) iss: String,
    /// The user.
    pub(crate) sub: Uuid,
    /// The client.
    pub(crate) aud: ClientId,
    /// The session.
    pub(crate) sid: Uuid,
}

impl SigningKeys {
    /// Reads an ID token that was signed with one of the published keys, whether it has expired or
    /// not. `None` for any other text.
    ///
    /// # Errors
    /// When the keys cannot be read.
    pub(crate) async fn read_id_token(
        &self,
        token: &str,
    ) -> Result<Option<IdTokenHint>, SigningError> {
        if token.len() > MAX_BYTES {
            return Ok(None);
        }
        let Ok(header) = decode_header(token) else {
            return Ok(None);
        };
        let is_id_token = header.typ.as_deref() == Some(JwtType::Id.as_str());
        let Some(key_id) = header.kid.filter(|_| is_id_token) else {
            return Ok(None);
        };
        let key = match header.alg {
            Algorithm::ES256 => self.ec_key(&key_id).await?,
            Algorithm::RS256 => self.rsa_key(&key_id),
            _ => None,
        };
        // By the algorithm of the key, not by any that the header may name.
        let read = |key| decode(token, &key, &validation(header.alg)).ok();
        Ok(key.and_then(read).map(|token| token.claims))
    }

    async fn ec_key(&self, id: &str) -> Result<Option<DecodingKey>, SigningError> {
        let published = self.published().await?;
        let key = published.iter().find(|key| key.id.to_string() == id);
        Ok(key.and_then(|key| DecodingKey::from_ec_components(&key.x, &key.y).ok()))
    }

    fn rsa_key(&self, id: &str) -> Option<DecodingKey> {
        let key = self.rsa_public_key().filter(|key| key.id == id)?;
        DecodingKey::from_rsa_components(&key.n, &key.e).ok()
    }
}

fn validation(algorithm: Algorithm) -> Validation {
    let mut validation = Validation::new(algorithm);
    validation.validate_exp = false;
    validation.validate_aud = false;
    validation.required_spec_claims.clear();
    validation
}
