//! `GET /auth/user`.

use actix_web::HttpResponse;
use chrono::{DateTime, Utc};
use serde::Serialize;
use service_runtime::http::Authenticated;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::http::{
    caller::session_user::SessionUser,
    wire::{
        query::{NoParameters, QueryString},
        response::private,
    },
};

/// The account of the token's user.
#[derive(Serialize, ToSchema)]
pub(in crate::http) struct AccountResponse<'a> {
    id: Uuid,
    username: &'a str,
    email: Option<&'a str>,
    /// Whether the address is known to be the user's.
    verified: bool,
    roles: &'a [String],
    permissions: &'a [String],
    created_at: DateTime<Utc>,
}

/// Shows the account of the token's user.
pub(in crate::http) async fn user(
    _: QueryString<NoParameters>,
    Authenticated(SessionUser(user)): Authenticated<SessionUser>,
) -> HttpResponse {
    let account = &*user.account;
    private(&AccountResponse {
        id: account.user_id,
        username: &account.username,
        email: account.email.as_deref(),
        verified: account.email_verified,
        roles: &account.roles,
        permissions: account.permissions.spelled(),
        created_at: account.created_at,
    })
}

#[cfg(test)]
mod tests {
    use actix_web::test::TestRequest;
    use serde_json::json;

    use crate::test_service::TestService;

    #[actix_web::test]
    async fn a_user_sees_all_account_data() {
        let service = TestService::start().await;
        service.add_user("alice", &["logs:read"]).await;
        let token = service.log_in("alice").await;
        let request = TestRequest::get()
            .uri("/auth/user")
            .insert_header(("cookie", format!("session_id={token}")));
        let answer = service.send(request).await;
        assert_eq!(answer.status, 200);
        assert_eq!(answer.header("cache-control"), "no-store");
        let expected = json!({
            "id": service.validate(&token).await.body["user_id"],
            "username": "alice",
            "email": null,
            "verified": false,
            "roles": ["user"],
            "permissions": ["logs:read"],
            "created_at": "2027-01-15T08:00:00Z",
        });
        assert_eq!(answer.body, expected);
    }
}
