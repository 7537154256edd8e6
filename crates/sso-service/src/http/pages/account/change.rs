//! `POST /account`: what the forms of the page ask for.

use actix_web::{
    HttpRequest, HttpResponse,
    web::{Data, Payload},
};
use askama::Template;
use service_runtime::http::{Authenticated, InputFaults, Problem, Query, RequestContext, Result};
use utoipa::ToSchema;
use uuid::Uuid;
use zeroize::Zeroizing;

use super::{
    show::{Done, account_page},
    verify::{send_code, verify_email},
};
use crate::{
    accounts::{Accounts, OwnPasswordError},
    audit::Source,
    authority::SessionAuthority,
    http::{
        caller::{cookies, session_user::SessionUser},
        pages::{
            error::try_again,
            page::{self, page, redirect},
            password_words::password_words,
        },
        wire::{accept::wants_html, form::read_form, source::source},
    },
    sessions::Principal,
    site::Site,
    users::{HashError, Password, PasswordFault},
};

/// The fields of the forms of the page.
#[derive(ToSchema)]
pub(in crate::http) struct AccountForm {
    /// `end-session`, `end-others`, `end-all`, `change-password`, `verify-email` or `send-code`.
    action: String,
    /// The session that ends.
    id: Option<String>,
    /// Present once it was confirmed that all sessions end.
    confirm: Option<String>,
    /// The code that verifies the address of the user.
    code: Option<String>,
    #[schema(value_type = Option<String>, format = Password)]
    current_password: Zeroizing<String>,
    #[schema(value_type = Option<String>, format = Password)]
    new_password: Zeroizing<String>,
}

/// What a form of the page asks for.
enum AccountChange {
    EndSession(Uuid),
    EndOthers,
    /// All sessions, this one as well. It is asked about first.
    EndAll {
        is_confirmed: bool,
    },
    Password(TypedPasswords),
    VerifyEmail(String),
    SendCode,
}

/// The fields of the form for a new password, as they were typed.
struct TypedPasswords {
    current: Zeroizing<String>,
    new: Zeroizing<String>,
}

#[derive(Template)]
#[template(path = "end_all.html")]
struct EndAllPage<'a> {
    service: &'a str,
    username: &'a str,
}

/// The services that a change needs.
pub(super) struct Services {
    pub(super) authority: Data<SessionAuthority>,
    pub(super) accounts: Data<Accounts>,
    pub(super) site: Data<Site>,
}

/// Changes something, and shows the page again.
pub(in crate::http) async fn change(
    Authenticated(SessionUser(user)): Authenticated<SessionUser>,
    request: HttpRequest,
    body: Payload,
    authority: Data<SessionAuthority>,
    accounts: Data<Accounts>,
    site: Data<Site>,
) -> Result<HttpResponse> {
    let change = AccountForm::try_from(read_form(&request, body).await?)?.try_into()?;
    let services = Services { authority, accounts, site };
    let context = RequestContext::of(&request);
    let from = source(&context);
    match change {
        AccountChange::EndSession(id) if id == user.session.id => {
            services.authority.end_session(&user, id, from).await?;
            Ok(logged_out(&services.site))
        }
        AccountChange::EndSession(id) => {
            // One that is gone already is what was asked for.
            services.authority.end_session(&user, id, from).await?;
            Ok(shown_again(Done::EndedSession))
        }
        AccountChange::EndOthers => {
            services.authority.end_other_sessions(&user, from).await?;
            Ok(shown_again(Done::EndedOthers))
        }
        AccountChange::EndAll { is_confirmed: false } => {
            let (service, username) = (services.site.title(), &*user.account.username);
            page(&EndAllPage { service, username })
        }
        AccountChange::EndAll { is_confirmed: true } => {
            services.authority.end_other_sessions(&user, from).await?;
            services.authority.end_session(&user, user.session.id, from).await?;
            Ok(logged_out(&services.site))
        }
        AccountChange::Password(typed) => {
            change_password(&user, &request, typed, &services).await?;
            Ok(shown_again(Done::ChangedPassword))
        }
        AccountChange::VerifyEmail(code) => {
            verify_email(&user, &request, &code, &services).await?;
            Ok(shown_again(Done::VerifiedEmail))
        }
        AccountChange::SendCode => {
            send_code(&user, &request, &services).await?;
            Ok(shown_again(Done::SentCode))
        }
    }
}

impl TryFrom<Query> for AccountForm {
    type Error = Problem;

    fn try_from(mut form: Query) -> Result<Self> {
        let [current_password, new_password] = ["current_password", "new_password"]
            .map(|name| Zeroizing::new(form.take(name).unwrap_or_default()));
        let [id, confirm, code] = ["id", "confirm", "code"].map(|name| form.take(name));
        let action = form.take("action").unwrap_or_default();
        form.check()?;
        Ok(Self { action, id, confirm, code, current_password, new_password })
    }
}

impl TryFrom<AccountForm> for AccountChange {
    type Error = Problem;

    fn try_from(form: AccountForm) -> Result<Self> {
        let mut faults = InputFaults::default();
        match &*form.action {
            "end-session" => match form.id.and_then(|id| id.parse().ok()) {
                Some(id) => return Ok(Self::EndSession(id)),
                None => faults.unreadable("id", "must be the id of a session"),
            },
            "end-others" => return Ok(Self::EndOthers),
            "end-all" => return Ok(Self::EndAll { is_confirmed: form.confirm.is_some() }),
            "change-password" => {
                let (current, new) = (form.current_password, form.new_password);
                return Ok(Self::Password(TypedPasswords { current, new }));
            }
            "verify-email" => return Ok(Self::VerifyEmail(form.code.unwrap_or_default())),
            "send-code" => return Ok(Self::SendCode),
            _ => faults.unreadable("action", "must be one of the page"),
        }
        Err(faults.into_problem())
    }
}

/// 303 to the page, which says what was done.
fn shown_again(done: Done) -> HttpResponse {
    redirect(&format!("/account?done={}", done.name())).finish()
}

fn logged_out(site: &Site) -> HttpResponse {
    let mut response = redirect("/login");
    cookies::take_back(&mut response, site);
    response.finish()
}

async fn change_password(
    user: &Principal,
    request: &HttpRequest,
    typed: TypedPasswords,
    services: &Services,
) -> Result<()> {
    let context = RequestContext::of(request);
    let refusals = match typed.new_password(&user.account.username, services) {
        Ok(new) => match typed.change(user, new, &services.accounts, source(&context)).await {
            Ok(()) => return Ok(()),
            Err(refusal) => vec![refusal],
        },
        Err(fault) => {
            let verified = typed.verify(user, &services.accounts, source(&context)).await;
            verified.err().into_iter().chain([fault.into()]).collect()
        }
    };
    Err(again(user, request, refusals, services).await)
}

impl TypedPasswords {
    /// The new password, if it obeys the rules.
    fn new_password(&self, username: &str, services: &Services) -> Result<Password, PasswordFault> {
        let new: Password = self.new.parse()?;
        if let Ok(username) = username.parse() {
            services.accounts.password_rules().check(&new, &username)?;
        }
        Ok(new)
    }

    /// No password is empty: such a field is not worth a hash.
    fn check_current(&self) -> Result<(), OwnPasswordError> {
        if self.current.is_empty() { Err(OwnPasswordError::Wrong) } else { Ok(()) }
    }

    async fn change(
        &self,
        user: &Principal,
        new: Password,
        accounts: &Accounts,
        from: Source<'_>,
    ) -> Result<(), OwnPasswordError> {
        self.check_current()?;
        accounts.change_password(user, &self.current, new, from).await
    }

    /// Says whether the current password is right when the new one is refused, so that the user
    /// learns of both faults at once.
    async fn verify(
        &self,
        user: &Principal,
        accounts: &Accounts,
        from: Source<'_>,
    ) -> Result<(), OwnPasswordError> {
        self.check_current()?;
        accounts.verify_own_password(user, &self.current, from).await.map(drop)
    }
}

/// The words for a refusal after which another attempt can help.
fn words(refusal: &OwnPasswordError) -> Option<String> {
    match refusal {
        OwnPasswordError::New(fault) => Some(password_words(*fault)),
        OwnPasswordError::Wrong => Some("The current password is wrong.".to_owned()),
        OwnPasswordError::TooManyAttempts { retry_after } => {
            let try_again = try_again(*retry_after);
            Some(format!("There were too many attempts. {try_again}."))
        }
        OwnPasswordError::Hash(HashError::Busy) => {
            Some("Too many people are logging in just now. Wait a moment and try again.".to_owned())
        }
        _ => None,
    }
}

/// The problem, shown as the page with everything that is wrong. No password is in it.
async fn again(
    user: &Principal,
    request: &HttpRequest,
    refusals: Vec<OwnPasswordError>,
    services: &Services,
) -> Problem {
    let Services { authority, accounts, site } = services;
    let faults: Option<Vec<_>> = refusals.iter().map(words).collect();
    let refusal = refusals.into_iter().next().unwrap_or(OwnPasswordError::Wrong);
    let problem = Problem::from(refusal);
    if let Some(faults) = faults
        && wants_html(request.headers())
        && let Ok(mut shown) = account_page(user, request, authority, accounts, site).await
    {
        shown.faults = faults;
        page::show(&problem, &shown);
    }
    problem
}
