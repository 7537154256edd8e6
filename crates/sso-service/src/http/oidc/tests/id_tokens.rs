//! ID tokens, as clients verify them.

use std::time::Duration;

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use hmac::{Hmac, KeyInit, Mac};
use jsonwebtoken::{Algorithm, DecodingKey, Validation, decode, decode_header};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::relying_party::{Browser, RelyingParty, answered};
use crate::test_service::noon;

/// Verifies an ID token by the published keys, and gives its claims.
async fn verified(party: &RelyingParty, token: &str) -> Value {
    let header = decode_header(token).unwrap();
    assert_eq!((header.typ.as_deref(), header.alg), (Some("JWT"), Algorithm::ES256));
    let keys = party.get(&Browser::default(), "/.well-known/jwks.json").await.body;
    let keys = keys["keys"].as_array().unwrap().clone();
    let key = keys.iter().find(|key| key["kid"] == header.kid.as_deref().unwrap()).unwrap();
    let coordinate = |name: &str| key[name].as_str().unwrap();
    let key = DecodingKey::from_ec_components(coordinate("x"), coordinate("y")).unwrap();
    let mut validation = Validation::new(Algorithm::ES256);
    // By the clock of the test.
    validation.validate_exp = false;
    validation.set_audience(&[&party.id]);
    validation.set_issuer(&["http://127.0.0.1:8001"]);
    decode::<Value>(token, &key, &validation).unwrap().claims
}

#[actix_web::test]
async fn id_token_tells_user_session_and_time_of_the_log_in() {
    let party = RelyingParty::confidential().await;
    let alice = party.browser("alice").await;
    party.service.clock.advance(Duration::from_secs(90));
    let tokens = party.tokens(&alice).await;
    let claims = verified(&party, tokens["id_token"].as_str().unwrap()).await;
    let session = party.service.validate(alice.token.as_ref().unwrap()).await.body;
    let now = noon().timestamp() + 90;
    let hash = Sha256::digest(tokens["access_token"].as_str().unwrap());
    let expected = json!({
        "iss": "http://127.0.0.1:8001",
        "sub": session["user_id"],
        "aud": party.id,
        "exp": now + 300,
        "iat": now,
        "auth_time": noon().timestamp(),
        "sid": session["session_id"],
        "nonce": "n-1",
        "at_hash": BASE64_URL_SAFE_NO_PAD.encode(&hash[..16]),
        "preferred_username": "alice",
        "groups": ["user"],
    });
    assert_eq!(claims, expected);
}

#[actix_web::test]
async fn id_token_without_nonce_or_further_scopes_has_no_such_claims() {
    let party = RelyingParty::confidential().await;
    let alice = party.browser("alice").await;
    let request = party.request_with(&[("nonce", ""), ("scope", "openid")]);
    let code = answered(&party.send(&alice, &request).await)["code"].clone();
    let tokens = party.token(&party.redemption(&code)).await.body;
    let claims = verified(&party, tokens["id_token"].as_str().unwrap()).await;
    for name in ["nonce", "preferred_username", "groups", "email", "acr", "amr"] {
        assert_eq!(claims.get(name), None, "{name}");
    }
}

#[actix_web::test]
async fn expected_user_is_the_one_of_the_id_token_in_the_request() {
    let party = RelyingParty::confidential().await;
    let [alice, root] = [party.browser("alice").await, party.browser("root").await];
    let hint = party.tokens(&alice).await["id_token"].as_str().unwrap().to_owned();
    let request = party.request_with(&[("id_token_hint", &hint), ("prompt", "none")]);
    assert!(answered(&party.send(&alice, &request).await).contains_key("code"));
    let answer = answered(&party.send(&root, &request).await);
    assert_eq!(answer["error"], "login_required");
    let request = party.request_with(&[("id_token_hint", &hint)]);
    let page = party.send(&root, &request).await;
    assert!(page.text.contains("action=\"/login\""), "{}", page.text);
}

/// JWTs of token exchanges are for services; an ID token is not accepted in their place.
#[actix_web::test]
async fn types_of_jwts_are_not_mixed_up() {
    let party = RelyingParty::confidential().await;
    let alice = party.browser("alice").await;
    let exchange = [
        ("grant_type", "urn:ietf:params:oauth:grant-type:token-exchange"),
        ("subject_token", alice.token.as_deref().unwrap()),
        ("subject_token_type", "urn:ietf:params:oauth:token-type:access_token"),
        ("audience", &party.id),
    ];
    let mut exchange = exchange.map(|(name, value)| (name.to_owned(), value.to_owned()));
    let for_client = party.token(&exchange.clone().into()).await;
    assert_eq!(for_client.problem(), (400, "invalid_target"));
    exchange[3].1 = "billing".to_owned();
    let jwt = party.token(&exchange.into()).await.body["access_token"].as_str().unwrap().to_owned();
    assert_eq!(decode_header(&jwt).unwrap().typ.as_deref(), Some("at+jwt"));
    let read = party.service.signing_keys.read_id_token(&jwt).await.unwrap();
    assert!(read.is_none());
}

/// Each row: a header that claims another algorithm, key or type than the token was signed with.
#[actix_web::test]
async fn forged_id_tokens_are_not_read() {
    let party = RelyingParty::with_rsa_key(json!({"id_token_alg": "ES256"})).await;
    let alice = party.browser("alice").await;
    let token = party.tokens(&alice).await["id_token"].as_str().unwrap().to_owned();
    let keys = &party.service.signing_keys;
    assert!(keys.read_id_token(&token).await.unwrap().is_some());
    let published = party.get(&Browser::default(), "/.well-known/jwks.json").await.body;
    let published = published["keys"].as_array().unwrap().clone();
    let of_type = |kty: &str| published.iter().find(|key| key["kty"] == kty).unwrap().clone();
    let (ec, rsa) = (of_type("EC"), of_type("RSA"));
    let [_, payload, signature] = token.split('.').collect::<Vec<_>>().try_into().unwrap();
    // The public key is known to everybody.
    let public_key = ec["x"].as_str().unwrap().as_bytes();
    let header = |alg: &str, kid: &Value| json!({"typ": "JWT", "alg": alg, "kid": kid});
    for (header, signature) in [
        (header("none", &ec["kid"]), String::new()),
        (header("ES384", &ec["kid"]), signature.to_owned()),
        (header("RS256", &ec["kid"]), signature.to_owned()),
        (header("RS256", &rsa["kid"]), signature.to_owned()),
        (header("ES256", &rsa["kid"]), signature.to_owned()),
        (header("ES256", &json!("unknown")), signature.to_owned()),
        (json!({"typ": "JWT", "alg": "ES256"}), signature.to_owned()),
        (json!({"typ": "at+jwt", "alg": "ES256", "kid": ec["kid"]}), signature.to_owned()),
        (header("ES256", &ec["kid"]), String::new()),
        (header("ES256", &ec["kid"]), "A".repeat(86)),
        (json!({"typ": "JWT", "alg": "HS256", "kid": ec["kid"], "jwk": ec}), "hmac".to_owned()),
    ] {
        let signed = format!("{}.{payload}", BASE64_URL_SAFE_NO_PAD.encode(header.to_string()));
        let signature = match signature.as_str() {
            "hmac" => {
                let mut mac = <Hmac<Sha256> as KeyInit>::new_from_slice(public_key).unwrap();
                mac.update(signed.as_bytes());
                BASE64_URL_SAFE_NO_PAD.encode(mac.finalize().into_bytes())
            }
            _ => signature,
        };
        let forged = format!("{signed}.{signature}");
        assert!(keys.read_id_token(&forged).await.unwrap().is_none(), "{header}");
    }
    let tampered = token.replacen(payload, &payload.replace(&payload[8..12], "AAAA"), 1);
    assert!(keys.read_id_token(&tampered).await.unwrap().is_none());
}

/// Each row: the client's own choice, and the algorithm of a service with a key for RS256.
#[actix_web::test]
async fn algorithm_is_the_one_of_the_client_or_the_service() {
    for (chosen, expected) in [
        (Value::Null, Algorithm::RS256),
        (json!("ES256"), Algorithm::ES256),
        (json!("RS256"), Algorithm::RS256),
    ] {
        let party = RelyingParty::with_rsa_key(json!({"id_token_alg": chosen})).await;
        let alice = party.browser("alice").await;
        let token = party.tokens(&alice).await["id_token"].as_str().unwrap().to_owned();
        assert_eq!(decode_header(&token).unwrap().alg, expected, "{chosen}");
        let read = party.service.signing_keys.read_id_token(&token).await.unwrap().unwrap();
        assert_eq!(read.aud.to_string(), party.id);
        let keys = party.get(&Browser::default(), "/.well-known/jwks.json").await.body;
        let rsa = keys["keys"].as_array().unwrap().iter().find(|key| key["kty"] == "RSA").unwrap();
        assert_eq!((&rsa["alg"], &rsa["use"]), (&json!("RS256"), &json!("sig")));
        let metadata = "/.well-known/openid-configuration";
        let metadata = party.get(&Browser::default(), metadata).await.body;
        let algorithms = &metadata["id_token_signing_alg_values_supported"];
        assert_eq!(algorithms, &json!(["ES256", "RS256"]));
    }
}
