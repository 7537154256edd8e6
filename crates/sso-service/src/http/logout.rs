//! `POST /auth/logout`.

use actix_web::{HttpRequest, HttpResponse, http::header::CACHE_CONTROL, web::Data};
use service_runtime::http::{Query, Result};

use super::credential::{header_token, required};
use crate::authority::SessionAuthority;

/// Ends the session of the token. A token that stands for none is as good as logged out.
///
/// The cookie does not count here: any page could have a browser send it.
pub(super) async fn logout(
    request: HttpRequest,
    authority: Data<SessionAuthority>,
) -> Result<HttpResponse> {
    Query::parse(request.query_string()).finish()?;
    authority.logout(&required(header_token(&request)?)?).await?;
    Ok(HttpResponse::NoContent().insert_header((CACHE_CONTROL, "no-store")).finish())
}

#[cfg(test)]
mod tests {
    use actix_web::test::TestRequest;

    use crate::test_service::{TestService, bearer};

    fn logout() -> TestRequest {
        TestRequest::post().uri("/auth/logout")
    }

    #[actix_web::test]
    async fn after_a_log_out_the_token_is_invalid_and_others_are_not() {
        let service = TestService::start().await;
        service.add_user("alice", &[]).await;
        let (mine, other) = (service.log_in("alice").await, service.log_in("alice").await);
        let answer = service.send(bearer(logout(), &mine)).await;
        assert_eq!(answer.status, 204);
        assert_eq!(answer.header("cache-control"), "no-store");
        assert_eq!(service.validate(&mine).await.problem(), (401, "invalid_token"));
        assert_eq!(service.validate(&other).await.status, 200);
        assert_eq!(service.send(bearer(logout(), &mine)).await.status, 204);
    }

    #[actix_web::test]
    async fn what_stands_for_no_session_is_as_good_as_logged_out() {
        let service = TestService::start().await;
        let unknown = shared_types::encode_token(shared_types::TokenKind::Session, &[7; 32]);
        for token in ["x", &unknown] {
            assert_eq!(service.send(bearer(logout(), token)).await.status, 204);
        }
    }

    #[actix_web::test]
    async fn without_a_readable_token_nobody_is_logged_out() {
        let service = TestService::start().await;
        service.add_user("alice", &[]).await;
        let token = service.log_in("alice").await;
        assert_eq!(service.send(logout()).await.problem(), (401, "not_authenticated"));
        let malformed = bearer(logout(), "a b");
        assert_eq!(service.send(malformed).await.problem(), (400, "invalid_request"));
        // Any page could have a browser send its cookie here.
        let cookie = logout().insert_header(("cookie", format!("session_id={token}")));
        assert_eq!(service.send(cookie).await.problem(), (401, "not_authenticated"));
        assert_eq!(service.validate(&token).await.status, 200);
    }
}
