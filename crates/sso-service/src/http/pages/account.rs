//! `GET /account`: where one lands.

use actix_web::{HttpRequest, HttpResponse, web::Data};
use askama::Template;
use service_runtime::http::{Query, Result};

use super::{
    error::for_people,
    page::{go_to, page},
    visitor::visitor,
};
use crate::{
    authority::SessionAuthority,
    site::{Landing, Site},
};

#[derive(Template)]
#[template(path = "account.html")]
struct AccountPage<'a> {
    username: &'a str,
    roles: String,
}

/// Shows who is logged in.
pub(in crate::http) async fn show(
    request: HttpRequest,
    authority: Data<SessionAuthority>,
    site: Data<Site>,
) -> Result<HttpResponse> {
    for_people(&request, try_show(&request, &authority, &site))
}

fn try_show(
    request: &HttpRequest,
    authority: &SessionAuthority,
    site: &Site,
) -> Result<HttpResponse> {
    Query::parse(request.query_string()).finish()?;
    let Some(principal) = visitor(request, authority, site)? else {
        // The session's cookie may have run out, and the one that renews it is sent there alone.
        return Ok(go_to("/auth/refresh").finish());
    };
    let account = &*principal.account;
    let shown = AccountPage { username: &account.username, roles: account.roles.join(", ") };
    page(&shown, &Landing::Account)
}

#[cfg(test)]
mod tests {
    use actix_web::test::TestRequest;

    use crate::test_service::TestService;

    #[actix_web::test]
    async fn it_shows_who_is_logged_in() {
        let service = TestService::start().await;
        service.add_user("alice", &[]).await;
        let cookie = ("cookie", format!("session_id={}", service.log_in("alice").await));
        let get = || TestRequest::get().uri("/account");
        let answer = service.send(get().insert_header(cookie)).await;
        assert_eq!(answer.status, 200);
        for words in ["<strong>alice</strong>", "<dd>user</dd>"] {
            assert!(answer.text.contains(words), "{words}: {}", answer.text);
        }
        let stranger = service.send(get()).await;
        assert_eq!((stranger.status.as_u16(), stranger.header("location")), (303, "/auth/refresh"));
    }
}
