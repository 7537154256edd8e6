//! `GET /account`: the page after a log-in.

use actix_web::{HttpRequest, HttpResponse, web::Data};
use askama::Template;
use service_runtime::http::{Authenticated, Query, RequestContext, Result};

use super::session_row::SessionRow;
use crate::{
    accounts::Accounts,
    administration::administer,
    authority::SessionAuthority,
    http::{
        caller::visitor::Visitor,
        pages::page::{page, redirect},
    },
    sessions::Principal,
    site::{RedirectTarget, Site},
};

#[derive(Template)]
#[template(path = "account.html")]
pub(super) struct AccountPage {
    service: String,
    username: String,
    roles: String,
    /// The address of the user, if it is known.
    email: Option<String>,
    /// Whether the user can verify the address by a code.
    can_verify: bool,
    /// The provider that the user logs in by, who then has no password.
    provider: Option<String>,
    /// What is wrong with a code for the address.
    pub(super) code_fault: Option<String>,
    min_length: usize,
    sessions: Vec<SessionRow>,
    has_others: bool,
    /// Whether the user may administer.
    is_admin: bool,
    pub(super) notice: Option<&'static str>,
    /// What is wrong with a change of the password.
    pub(super) faults: Vec<String>,
}

/// What was done before the page was asked for anew.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Done {
    EndedSession,
    EndedOthers,
    ChangedPassword,
    SentCode,
    VerifiedEmail,
}

impl Done {
    const ALL: [Self; 5] = [
        Self::EndedSession,
        Self::EndedOthers,
        Self::ChangedPassword,
        Self::SentCode,
        Self::VerifiedEmail,
    ];

    /// Its name in the query of the page.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::EndedSession => "session",
            Self::EndedOthers => "others",
            Self::ChangedPassword => "password",
            Self::SentCode => "code",
            Self::VerifiedEmail => "email",
        }
    }

    fn words(self) -> &'static str {
        match self {
            Self::EndedSession => "The session has ended.",
            Self::EndedOthers => "All other sessions have ended.",
            Self::ChangedPassword => {
                "Your password is changed. All other sessions have ended: log in there with the new \
                 one."
            }
            Self::SentCode => "A code is on its way to your e-mail address.",
            Self::VerifiedEmail => "Your e-mail address is verified.",
        }
    }
}

/// Shows the account of the user.
pub(in crate::http) async fn show(
    Authenticated(Visitor(user)): Authenticated<Visitor>,
    request: HttpRequest,
    authority: Data<SessionAuthority>,
    accounts: Data<Accounts>,
    site: Data<Site>,
) -> Result<HttpResponse> {
    let Some(user) = user else {
        // The session cookie may have expired, and the refresh cookie is sent only to that path.
        return Ok(redirect("/auth/refresh").finish());
    };
    let done = Query::parse(request.query_string()).take("done");
    let done = Done::ALL.into_iter().find(|known| done.as_deref() == Some(known.name()));
    let mut shown = account_page(&user, &request, &authority, &accounts, &site).await?;
    shown.notice = done.map(Done::words);
    page(&shown)
}

/// The page of the user's account as it is now.
///
/// # Errors
/// When the database cannot be read.
pub(super) async fn account_page(
    user: &Principal,
    request: &HttpRequest,
    authority: &SessionAuthority,
    accounts: &Accounts,
    site: &Site,
) -> Result<AccountPage> {
    let sessions = authority.sessions(&user.session).await?;
    let is_upstream = accounts.logs_in_upstream(user).await?;
    // An earlier configuration may have named the provider.
    let provider = is_upstream.then(|| accounts.upstream().unwrap_or("another service").to_owned());
    let (current, now) = (user.session.id, RequestContext::of(request).arrived);
    let mut sessions: Vec<_> =
        sessions.iter().map(|session| SessionRow::new(session, current, now)).collect();
    sessions.sort_by_key(|session| !session.is_current);
    Ok(AccountPage {
        service: site.title().to_owned(),
        username: user.account.username.clone(),
        roles: user.account.roles.join(", "),
        email: user.account.email.clone(),
        can_verify: accounts.mail().is_sent
            && user.account.email.is_some()
            && !user.account.email_verified,
        provider,
        code_fault: None,
        min_length: accounts.password_rules().min_length,
        has_others: sessions.iter().any(|session| !session.is_current),
        sessions,
        is_admin: user.account.may(&administer()),
        notice: None,
        faults: Vec::new(),
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
