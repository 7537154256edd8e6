//! `GET /.well-known/jwks.json`: the public keys as a JSON Web Key Set (RFC 7517).

use actix_web::{HttpResponse, web::Data};
use serde::Serialize;
use service_runtime::http::Result;
use utoipa::ToSchema;

use super::document::public;
use crate::{
    oauth::SigningKeys,
    signing_keys::{PublicKey, RsaPublicKey, SigningAlgorithm},
};

/// Where the keys are.
pub(in crate::http) const PATH: &str = "/.well-known/jwks.json";

#[derive(Serialize, ToSchema)]
pub(in crate::http) struct JwkSet {
    keys: Vec<Jwk>,
}

/// A key: on the curve P-256 (RFC 7518, section 6.2), or of RSA (section 6.3).
#[derive(Serialize, ToSchema)]
pub(in crate::http) struct Jwk {
    kty: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    crv: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    x: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    y: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    n: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    e: Option<String>,
    kid: String,
    r#use: &'static str,
    alg: &'static str,
}

/// Shows the keys to verify JWTs with: the present one, the next one a day before it signs, and the
/// last ones until their tokens are over; and the key for RS256, if there is one.
pub(in crate::http) async fn public_keys(keys: Data<SigningKeys>) -> Result<HttpResponse> {
    let rsa = keys.rsa_public_key().map(Jwk::from);
    let keys = keys.published().await?.into_iter().map(Jwk::from).chain(rsa).collect();
    Ok(public(&JwkSet { keys }))
}

impl From<PublicKey> for Jwk {
    fn from(PublicKey { id, x, y }: PublicKey) -> Self {
        Self {
            kty: "EC",
            crv: Some("P-256"),
            x: Some(x),
            y: Some(y),
            n: None,
            e: None,
            kid: id.to_string(),
            r#use: "sig",
            alg: SigningAlgorithm::Es256.as_str(),
        }
    }
}

impl From<&RsaPublicKey> for Jwk {
    fn from(RsaPublicKey { id, n, e }: &RsaPublicKey) -> Self {
        Self {
            kty: "RSA",
            crv: None,
            x: None,
            y: None,
            n: Some(n.clone()),
            e: Some(e.clone()),
            kid: id.clone(),
            r#use: "sig",
            alg: SigningAlgorithm::Rs256.as_str(),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use actix_web::test::TestRequest;
    use serde_json::{Value, json};

    use super::PATH;
    use crate::test_service::TestService;

    #[actix_web::test]
    async fn first_key_is_published_at_once() {
        let service = TestService::start().await;
        let answer = service.send(TestRequest::get().uri(PATH)).await;
        assert_eq!(answer.status, 200);
        assert_eq!(answer.header("cache-control"), "public, max-age=3600");
        let mut keys = answer.body["keys"].as_array().unwrap().clone();
        assert_eq!(keys.len(), 1);
        let key = keys[0].as_object_mut().unwrap();
        for (name, length) in [("x", 43), ("y", 43), ("kid", 36)] {
            let value = key.remove(name).unwrap();
            assert_eq!(value.as_str().unwrap().len(), length, "{name}");
        }
        let rest = json!({"kty": "EC", "crv": "P-256", "use": "sig", "alg": "ES256"});
        assert_eq!(Value::Object(key.clone()), rest);
    }

    #[actix_web::test]
    async fn old_keys_that_cannot_be_read_again_are_503() {
        let service = TestService::start().await;
        service.store.close().await;
        let get = || TestRequest::get().uri(PATH);
        assert_eq!(service.send(get()).await.status, 200);
        service.clock.advance(Duration::from_secs(3601));
        let answer = service.send(get()).await;
        assert_eq!(answer.problem(), (503, "store_unavailable"));
        assert_eq!(answer.header("retry-after"), "1");
        assert_eq!(answer.header("cache-control"), "no-store");
    }
}
