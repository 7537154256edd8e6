//! Whether the author of a change may still make it when it is written.

use crate::{
    administration::{Actor, AdministrationError, administer},
    authority::Holder,
    page::Part,
    test_service::{HERE, TestService, bearer_token},
};

/// The holder of a token that permits administration.
async fn admit(service: &TestService, token: &str) -> Holder {
    let token = bearer_token(token);
    service.authority.validate(&token, Some(&administer()), HERE).await.unwrap()
}

/// Tries to make a role, and tells whether it is there then.
async fn make_role(service: &TestService, holder: &Holder) -> (bool, bool) {
    let actor = Actor::caller(holder, HERE);
    let made = service.administration.set_role(actor, "ops".parse().unwrap(), vec![]).await;
    if let Err(error) = &made {
        assert!(matches!(error, AdministrationError::Refused(_)), "{error}");
    }
    let roles = service.store.roles(&Part { after: None, limit: 100 }).await.unwrap();
    (made.is_ok(), roles.items.iter().any(|role| role.name == "ops"))
}

#[tokio::test]
async fn a_demoted_administrator_changes_nothing() {
    for revoke in [
        "DELETE FROM sessions",
        "UPDATE users SET epoch = epoch + 1",
        "UPDATE users SET disabled = TRUE",
        "DELETE FROM users",
        "UPDATE user_roles SET role = 'user'",
        "UPDATE sessions SET ends_at = 0",
    ] {
        let service = TestService::start().await;
        let root = admit(&service, &service.add_admin("root").await).await;
        service.execute(revoke).await;
        assert_eq!(make_role(&service, &root).await, (false, false), "{revoke}");
    }
    let service = TestService::start().await;
    let root = admit(&service, &service.add_admin("root").await).await;
    assert_eq!(make_role(&service, &root).await, (true, true));
}

#[tokio::test]
async fn an_expired_key_changes_nothing() {
    for (revoke, still) in [
        ("DELETE FROM api_keys", false),
        ("UPDATE api_keys SET expires_at = 0", false),
        ("UPDATE api_key_permissions SET permission = 'logs:read'", false),
        ("UPDATE api_keys SET name = 'other'", true),
    ] {
        let service = TestService::start().await;
        let key = service.add_key("ci", "sso:admin").await;
        let holder = admit(&service, &key).await;
        service.execute(revoke).await;
        assert_eq!(make_role(&service, &holder).await, (still, still), "{revoke}");
    }
}

/// A grant has an end that nothing announces.
#[tokio::test]
async fn an_expired_grant_permits_nothing() {
    let service = TestService::start().await;
    service.add_user("bob", &[]).await;
    service
        .execute(
            "INSERT INTO grants SELECT 'x', number, 'sso:admin', 1800000060000, 'r', 'root', 0
             FROM users",
        )
        .await;
    let bob = admit(&service, &service.log_in("bob").await).await;
    service.clock.advance(std::time::Duration::from_secs(60));
    assert_eq!(make_role(&service, &bob).await, (false, false));
}
