//! `POST /auth/register`.

use actix_web::{
    HttpRequest, HttpResponse,
    web::{Data, Payload},
};
use serde::{Deserialize, Serialize};
use service_runtime::http::{RequestContext, Result};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::{
    accounts::{Accounts, Newcomer},
    http::wire::{
        body_faults::BodyFaults, json::read_json, member::Member, response::private_in,
        source::source,
    },
    users::Email,
};

/// The body of a registration.
#[derive(Deserialize, ToSchema)]
pub(in crate::http) struct RegisterRequest {
    #[serde(default)]
    #[schema(value_type = String, required = true)]
    username: Member<String>,
    #[serde(default)]
    #[schema(value_type = String, required = true, format = Password)]
    password: Member<String>,
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    email: Member<String>,
}

/// The account that was registered.
#[derive(Serialize, ToSchema)]
pub(in crate::http) struct RegisterResponse<'a> {
    id: Uuid,
    username: &'a str,
    email: Option<&'a str>,
}

/// Creates an account for a stranger.
pub(in crate::http) async fn register(
    request: HttpRequest,
    body: Payload,
    accounts: Data<Accounts>,
) -> Result<HttpResponse> {
    // Before the body: where registration is closed, no other body would help.
    accounts.check_open()?;
    let newcomer = read_json::<RegisterRequest>(&request, body).await?.try_into()?;
    let registered = accounts.register(newcomer, source(&RequestContext::of(&request))).await?;
    let answer = RegisterResponse {
        id: registered.id,
        username: registered.username.as_str(),
        email: registered.email.as_ref().map(Email::as_str),
    };
    Ok(private_in(HttpResponse::Created(), &answer))
}

impl TryFrom<RegisterRequest> for Newcomer {
    type Error = BodyFaults;

    fn try_from(request: RegisterRequest) -> Result<Self, BodyFaults> {
        let mut faults = BodyFaults::default();
        let username = faults.required("username", request.username);
        let password = faults.required("password", request.password);
        let email = faults.nullable("email", request.email).flatten();
        faults.finish(|| Some(Self { username: username?, password: password?, email }))
    }
}

#[cfg(test)]
mod tests {
    use actix_web::test::TestRequest;
    use serde_json::{Value, json};

    use crate::{
        login_guard::TypedCredentials,
        sessions::Client,
        test_service::{Answer, PASSWORD, TestService},
    };

    async fn register(service: &TestService, body: &Value) -> Answer {
        service.send(TestRequest::post().uri("/auth/register").set_json(body)).await
    }

    fn newcomer(name: &str) -> Value {
        json!({"username": name, "password": PASSWORD})
    }

    #[actix_web::test]
    async fn a_registered_user_can_log_in_and_has_no_permission() {
        let service = TestService::start().await;
        let alice = json!({"username": "Alice", "password": PASSWORD, "email": "A@Example.org"});
        let answer = register(&service, &alice).await;
        assert_eq!((answer.status.as_u16(), answer.header("cache-control")), (201, "no-store"));
        let id = answer.body["id"].clone();
        let expected = json!({"id": id, "username": "alice", "email": "a@example.org"});
        assert_eq!(answer.body, expected);
        let token = service.log_in("alice").await;
        let known = service.validate(&token).await.body;
        assert_eq!(known["user_id"], id);
        assert_eq!((&known["roles"], &known["permissions"]), (&json!(["user"]), &json!([])));
        let lines = service.audited();
        assert_eq!(
            (&lines[0]["audit"], &lines[0]["target"]),
            (&json!("registered"), &json!("alice"))
        );
        assert_eq!(lines[0]["ip"], json!("0.0.0.0"));
    }

    #[actix_web::test]
    async fn a_taken_name_or_address_is_a_conflict() {
        let service = TestService::start().await;
        register(&service, &json!({"username": "a", "password": PASSWORD, "email": "a@b"})).await;
        // One that is not verified blocks nobody.
        let other = json!({"username": "c", "password": PASSWORD, "email": "a@b"});
        assert_eq!(register(&service, &other).await.status, 201);
        service.execute("UPDATE users SET email = unverified_email WHERE username = 'a'").await;
        for (name, email, code) in
            [(" A ", Value::Null, "username_taken"), ("b", json!("A@B"), "email_taken")]
        {
            let body = json!({"username": name, "password": PASSWORD, "email": email});
            assert_eq!(register(&service, &body).await.problem(), (409, code), "{name}");
        }
    }

    #[actix_web::test]
    async fn refused_values_are_named() {
        let service = TestService::start().await;
        for (body, pointers) in [
            (json!({}), &["/username", "/password"][..]),
            (json!({"username": "a b", "password": PASSWORD}), &["/username"]),
            (json!({"username": "a", "password": "short"}), &["/password"]),
            (json!({"username": "a", "password": "x".repeat(1025)}), &["/password"]),
            (json!({"username": "a", "password": PASSWORD, "email": "no address"}), &["/email"]),
        ] {
            let answer = register(&service, &body).await;
            assert_eq!(answer.problem(), (422, "invalid_value"), "{body}");
            let errors = answer.body["errors"].as_array().unwrap();
            let named: Vec<_> = errors.iter().map(|error| error["pointer"].as_str()).collect();
            let expected: Vec<_> = pointers.iter().map(|pointer| Some(*pointer)).collect();
            assert_eq!(named, expected, "{body}");
        }
    }

    #[actix_web::test]
    async fn closed_registration_is_refused_before_the_body_is_checked() {
        let service = TestService::closed().await;
        for body in [newcomer("alice"), json!({})] {
            let answer = register(&service, &body).await;
            assert_eq!(answer.problem(), (403, "registration_closed"));
        }
        assert!(service.store.all_users().await.is_empty());
    }

    /// Also those that succeed: what is limited is how many accounts there come to be.
    #[actix_web::test]
    async fn one_network_registers_ten_times_a_minute() {
        let service = TestService::start().await;
        for number in 0..10 {
            let name = format!("user-{}", number % 8);
            let status = register(&service, &newcomer(&name)).await.status;
            assert_eq!(status, if number < 8 { 201 } else { 409 });
        }
        let answer = register(&service, &newcomer("another")).await;
        assert_eq!(answer.problem(), (429, "too_many_attempts"));
        assert_eq!(answer.header("retry-after"), "70");
        // Who has an account is not held back by that.
        service.log_in("user-1").await;
        let lines = service.audited();
        let held = lines.iter().find(|line| line["audit"] == "throttled").unwrap();
        assert_eq!((&held["reason"], &held["ip"]), (&json!("registration"), &json!("0.0.0.0")));
    }

    #[actix_web::test]
    async fn failed_log_ins_do_not_limit_registrations() {
        let service = TestService::start().await;
        let network = crate::network::Network::of([0, 0, 0, 0].into());
        for host in 0..10 {
            let name = format!("registrations from {network:?}");
            let typed = TypedCredentials { name: &name, password: "a wrong password" };
            let client = Client::new([198, 51, 100, host].into(), None);
            service.authority.login(typed, client, "r-1").await.unwrap_err();
        }
        assert_eq!(register(&service, &newcomer("alice")).await.status, 201);
    }
}
