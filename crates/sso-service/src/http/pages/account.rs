//! `GET /account`: the page after a log-in.

use actix_web::{HttpResponse, web::Data};
use askama::Template;
use service_runtime::http::{Authenticated, Result};

use super::page::{page, redirect};
use crate::{
    http::caller::visitor::Visitor,
    site::{RedirectTarget, Site},
};

#[derive(Template)]
#[template(path = "account.html")]
struct AccountPage<'a> {
    host: &'a str,
    username: &'a str,
    roles: String,
}

/// Shows the account of the user.
pub(in crate::http) async fn show(
    Authenticated(Visitor(user)): Authenticated<Visitor>,
    site: Data<Site>,
) -> Result<HttpResponse> {
    let Some(user) = user else {
        // The session cookie may have expired, and the refresh cookie is sent only to that path.
        return Ok(redirect("/auth/refresh").finish());
    };
    let account = &*user.account;
    page(&AccountPage {
        host: site.origin().host(),
        username: &account.username,
        roles: account.roles.join(", "),
    })
}

/// Redirects `/`, which has no page of its own.
pub(in crate::http) async fn start() -> HttpResponse {
    redirect(RedirectTarget::Account.location()).finish()
}

#[cfg(test)]
mod tests {
    use actix_web::test::TestRequest;

    use crate::test_service::TestService;

    #[actix_web::test]
    async fn the_page_shows_the_account_of_the_user() {
        let service = TestService::start().await;
        service.add_user("alice", &[]).await;
        let cookie = ("cookie", format!("session_id={}", service.log_in("alice").await));
        let get = || TestRequest::get().uri("/account");
        let answer = service.send(get().insert_header(cookie)).await;
        assert_eq!(answer.status, 200);
        for words in ["<strong>alice</strong>", "<dd>user</dd>"] {
            assert!(answer.text.contains(words), "{words}: {}", answer.text);
        }
        service.execute("DELETE FROM user_roles").await;
        let cookie = ("cookie", format!("session_id={}", service.log_in("alice").await));
        let without_roles = service.send(get().insert_header(cookie)).await;
        assert!(without_roles.text.contains("<dd>None</dd>"), "{}", without_roles.text);
        let stranger = service.send(get()).await;
        assert_eq!((stranger.status.as_u16(), stranger.header("location")), (303, "/auth/refresh"));
    }

    #[actix_web::test]
    async fn the_root_path_redirects_to_the_account() {
        let service = TestService::start().await;
        let answer = service.send(TestRequest::get().uri("/?utm_source=mail")).await;
        assert_eq!((answer.status.as_u16(), answer.header("location")), (303, "/account"));
    }
}
