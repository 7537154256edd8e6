//! Logout tokens, as a client verifies them (OpenID Connect Back-Channel Logout, section 2.6).

use jsonwebtoken::{Algorithm, DecodingKey, Validation, decode, decode_header};
use serde_json::{Value, json};
use service_runtime::clock::Clock;
use uuid::Uuid;

use super::relying_party::{Browser, RelyingParty};
use crate::{
    oidc::{LogoutClaims, LogoutNotice},
    signing_keys::SigningAlgorithm,
};

fn notice(party: &RelyingParty, session_id: Option<Uuid>) -> LogoutNotice {
    LogoutNotice {
        number: 1,
        client: party.id.parse().unwrap(),
        subject: Uuid::from_u128(7),
        session_id,
        tries: 1,
        given_up_at: 0,
    }
}

#[actix_web::test]
async fn logout_token_names_the_user_and_the_session_and_is_no_id_token() {
    let party = RelyingParty::with_rsa_key(json!({})).await;
    let (service, issuer) = (&party.service, "http://127.0.0.1:8001");
    let now = service.clock.now();
    let jwks: Value = party.get(&Browser::default(), "/.well-known/jwks.json").await.body;
    for (algorithm, name) in
        [(SigningAlgorithm::Es256, Algorithm::ES256), (SigningAlgorithm::Rs256, Algorithm::RS256)]
    {
        for session_id in [None, Some(Uuid::from_u128(9))] {
            let claims = LogoutClaims::new(&notice(&party, session_id), issuer, now);
            let keys = &service.signing_keys;
            let token = keys.sign_logout_token(Some(algorithm), &claims).await.unwrap();
            let header = decode_header(&*token).unwrap();
            assert_eq!((header.typ.as_deref(), header.alg), (Some("logout+jwt"), name));
            let key = jwks["keys"].as_array().unwrap().iter();
            let key = key.clone().find(|key| key["kid"] == json!(header.kid)).unwrap();
            let key = serde_json::from_value(key.clone()).unwrap();
            let mut validation = Validation::new(name);
            validation.set_audience(&[&party.id]);
            validation.set_issuer(&[issuer]);
            validation.validate_exp = false;
            let key = DecodingKey::from_jwk(&key).unwrap();
            let claims = decode::<Value>(&*token, &key, &validation).unwrap().claims;
            assert_eq!(claims["sub"], json!(Uuid::from_u128(7)));
            assert_eq!(claims.get("sid"), session_id.map(|id| json!(id)).as_ref());
            let event = "http://schemas.openid.net/event/backchannel-logout";
            assert_eq!(claims["events"], json!({ event: {} }));
            assert_eq!(claims["iat"], now.timestamp());
            assert_eq!(claims["exp"], now.timestamp() + 120);
            assert!(claims["jti"].is_string() && claims.get("nonce").is_none());
            assert!(keys.read_id_token(&token).await.unwrap().is_none(), "it is no hint");
        }
    }
}
