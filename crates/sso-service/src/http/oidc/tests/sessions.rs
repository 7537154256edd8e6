//! What a client was given ends with the session, the account, the role and the client.

use actix_web::http::Method;
use serde_json::{Value, json};

use super::relying_party::{Browser, RelyingParty};
use crate::test_service::TestService;

/// How something ends.
#[derive(Debug, Clone, Copy)]
enum End {
    LogOut,
    AllSessions,
    Disabled,
    Deleted,
    Password,
    RoleTaken,
    RoleOfClient,
    ClientDeleted,
    SessionTime,
}

const ENDS: [End; 9] = [
    End::LogOut,
    End::AllSessions,
    End::Disabled,
    End::Deleted,
    End::Password,
    End::RoleTaken,
    End::RoleOfClient,
    End::ClientDeleted,
    End::SessionTime,
];

async fn admin(service: &TestService, method: Method, path: &str, body: Value) {
    let root = service.log_in("root").await;
    let answer = service.call(method, path, &root, body).await;
    assert!(answer.status.is_success(), "{path}: {}", answer.text);
}

impl End {
    async fn come(self, party: &RelyingParty, alice: &Browser) {
        let service = &party.service;
        let client = format!("/admin/clients/{}", party.id);
        let user = "/admin/users/alice";
        match self {
            Self::LogOut => {
                let token = alice.token.as_ref().unwrap();
                service.call(Method::POST, "/auth/logout", token, Value::Null).await;
            }
            Self::AllSessions => {
                let path = "/admin/users/alice/sessions";
                admin(service, Method::DELETE, path, Value::Null).await;
            }
            Self::Disabled => admin(service, Method::PATCH, user, json!({"disabled": true})).await,
            Self::Deleted => admin(service, Method::DELETE, user, Value::Null).await,
            Self::Password => {
                let body = json!({"password": "seven wide rivers under the moon"});
                admin(service, Method::PATCH, user, body).await;
            }
            Self::RoleTaken => admin(service, Method::PATCH, user, json!({"roles": []})).await,
            Self::RoleOfClient => {
                admin(service, Method::PATCH, &client, json!({"roles": ["admin"]})).await;
            }
            Self::ClientDeleted => admin(service, Method::DELETE, &client, Value::Null).await,
            Self::SessionTime => service.clock.advance(std::time::Duration::from_secs(8 * 3600)),
        }
    }
}

#[actix_web::test]
async fn every_end_is_in_force_at_once_for_codes_and_tokens() {
    for end in ENDS {
        let party = RelyingParty::with(json!({"roles": ["user"]})).await;
        let alice = party.browser("alice").await;
        let (code, tokens) = (party.code(&alice).await, party.tokens(&alice).await);
        let access = tokens["access_token"].as_str().unwrap();
        let refresh = tokens["refresh_token"].as_str().unwrap();
        assert_eq!(party.user_info(access).await.status, 200, "{end:?}");
        end.come(&party, &alice).await;
        assert_eq!(party.user_info(access).await.problem(), (401, "invalid_token"), "{end:?}");
        let expected = match end {
            End::ClientDeleted => (401, "invalid_client"),
            _ => (400, "invalid_grant"),
        };
        let renewed = party.token(&party.renewal(refresh)).await;
        assert_eq!(renewed.problem(), expected, "{end:?}");
        let redeemed = party.token(&party.redemption(&code)).await;
        assert_eq!(redeemed.problem(), expected, "{end:?}");
    }
}

/// A revocation that could not be written is in force all the same.
#[actix_web::test]
async fn end_that_is_not_written_is_in_force() {
    let party = RelyingParty::confidential().await;
    let alice = party.browser("alice").await;
    let tokens = party.tokens(&alice).await;
    party
        .service
        .execute(
            "CREATE TRIGGER full BEFORE DELETE ON sessions BEGIN SELECT raise(ABORT, 'full'); END",
        )
        .await;
    let token = alice.token.as_ref().unwrap();
    let ended = party.service.call(Method::POST, "/auth/logout", token, Value::Null).await;
    assert_eq!(ended.status, 503);
    let claims = party.user_info(tokens["access_token"].as_str().unwrap()).await;
    assert_eq!(claims.problem(), (401, "invalid_token"));
    let refresh = tokens["refresh_token"].as_str().unwrap();
    let renewed = party.token(&party.renewal(refresh)).await;
    assert_eq!(renewed.problem(), (400, "invalid_grant"));
}

/// Each row: who has set the address, and whether clients are told of it.
#[actix_web::test]
async fn only_a_verified_address_is_told() {
    let party = RelyingParty::confidential().await;
    let password = crate::test_service::PASSWORD;
    let bob = json!({"username": "bob", "password": password, "email": "bob@example.org"});
    admin(&party.service, Method::POST, "/admin/users", bob).await;
    let carol = json!({"username": "carol", "password": password, "email": "carol@example.org"});
    let register = actix_web::test::TestRequest::post().uri("/auth/register").set_json(carol);
    assert_eq!(party.service.send(register).await.status, 201);
    let told = async |name: &str| {
        let browser = party.browser(name).await;
        let request = party.request_with(&[("scope", "openid email")]);
        let answer = party.send(&browser, &request).await;
        let code = super::relying_party::answered(&answer)["code"].clone();
        let tokens = party.token(&party.redemption(&code)).await.body;
        let claims = party.user_info(tokens["access_token"].as_str().unwrap()).await.body;
        (claims["email"].clone(), claims["email_verified"].clone())
    };
    let untold = (Value::Null, Value::Null);
    assert_eq!(told("alice").await, untold);
    assert_eq!(told("bob").await, (json!("bob@example.org"), json!(true)));
    assert_eq!(told("carol").await, untold);
    let path = "/admin/users/carol";
    admin(&party.service, Method::PATCH, path, json!({"email": "c@example.org"})).await;
    assert_eq!(told("carol").await, (json!("c@example.org"), json!(true)));
    admin(&party.service, Method::PATCH, path, json!({"email": null})).await;
    assert_eq!(told("carol").await, untold);
}
