//! How signing keys are opened and sealed.

use std::sync::Arc;

use serde_json::json;
use service_runtime::clock::ManualClock;

use super::{signing::SigningKeys, signing_error::SigningError};
use crate::{signing_keys::SecretKey, store::Store, test_service::noon};

fn secret(text: &str) -> Option<SecretKey> {
    Some(text.repeat(32).parse().unwrap())
}

async fn open(store: &Store, secret: Option<SecretKey>) -> Result<SigningKeys, SigningError> {
    SigningKeys::open(store.clone(), Arc::new(ManualClock::at(noon())), secret).await
}

async fn is_sealed(store: &Store) -> bool {
    store.number("SELECT min(sealed) FROM signing_keys").await == 1
}

#[tokio::test]
async fn first_key_signs_at_once_and_stays_after_a_restart() {
    let store = Store::in_memory().await;
    let keys = open(&store, None).await.unwrap();
    keys.sign(&json!({})).await.unwrap();
    let [first] = &keys.published().await.unwrap()[..] else { panic!("not one key") };
    let again = open(&store, None).await.unwrap().published().await.unwrap();
    assert_eq!((again.len(), again[0].id), (1, first.id));
}

#[tokio::test]
async fn sealed_keys_need_the_secret_that_they_were_sealed_with() {
    let store = Store::in_memory().await;
    let id = open(&store, secret("a")).await.unwrap().published().await.unwrap()[0].id;
    assert!(is_sealed(&store).await);
    let wrong = open(&store, secret("b")).await.unwrap_err();
    assert!(matches!(wrong, SigningError::WrongSecret) && wrong.is_about_the_secret());
    let missing = open(&store, None).await.unwrap_err();
    assert!(matches!(missing, SigningError::SecretMissing) && missing.is_about_the_secret());
    let keys = open(&store, secret("a")).await.unwrap();
    assert_eq!(keys.published().await.unwrap()[0].id, id);
}

#[tokio::test]
async fn plain_keys_are_sealed_when_there_is_a_secret() {
    let store = Store::in_memory().await;
    let plain = open(&store, None).await.unwrap().published().await.unwrap();
    assert!(!is_sealed(&store).await);
    let sealed = open(&store, secret("a")).await.unwrap().published().await.unwrap();
    assert!(is_sealed(&store).await);
    assert_eq!((plain[0].id, &plain[0].x), (sealed[0].id, &sealed[0].x));
}

#[tokio::test]
async fn altered_key_is_not_used() {
    let store = Store::in_memory().await;
    open(&store, None).await.unwrap();
    store.execute("UPDATE signing_keys SET private_key = x'00'").await;
    let error = open(&store, None).await.unwrap_err();
    assert!(matches!(error, SigningError::Corrupt(_)) && !error.is_about_the_secret());
}

#[tokio::test]
async fn known_keys_sign_while_the_database_does_not_answer() {
    let store = Store::in_memory().await;
    let keys = open(&store, None).await.unwrap();
    store.close().await;
    assert!(matches!(keys.rotate().await, Err(SigningError::Unavailable(_))));
    keys.sign(&json!({})).await.unwrap();
}
