//! `/reset`: the page of a forgotten password. It asks for the address of an account, and, opened by
//! the link in a mail or of an administrator, for a new password.

use actix_web::{
    HttpRequest, HttpResponse,
    http::header::{HeaderValue, REFERRER_POLICY},
    web::{Data, Payload},
};
use askama::Template;
use service_runtime::http::{Problem, Query, RequestContext, Result};
use utoipa::ToSchema;
use zeroize::Zeroizing;

use super::{
    error::try_again,
    page::{self, page, redirect},
    password_words::password_words,
};
use crate::{
    accounts::{Accounts, MailRequestError, PasswordResetError},
    http::{
        error::refused_member,
        wire::{accept::wants_html, form::read_form, source::source},
    },
    site::Site,
    store::ResetError,
    users::{Email, HashError, Password},
};

/// The fields of the two forms of the page.
#[derive(ToSchema)]
pub(in crate::http) struct ResetForm {
    /// The address of an account, to have a link sent there.
    email: Option<String>,
    /// The parameter `token` of a link.
    #[schema(value_type = Option<String>, format = Password)]
    token: Option<Zeroizing<String>>,
    #[schema(value_type = Option<String>, format = Password)]
    new_password: Option<Zeroizing<String>>,
}

#[derive(Template)]
#[template(path = "reset.html")]
struct ResetPage<'a> {
    service: &'a str,
    step: ResetStep<'a>,
    /// Whether links are sent by mail.
    can_ask: bool,
    faults: Vec<String>,
}

/// What the page shows.
enum ResetStep<'a> {
    Ask { email: &'a str },
    AskAdministrator,
    Sent,
    Choose { token: &'a str, username: &'a str, min_length: usize },
    InvalidLink,
    Done,
}

/// Shows the page. A link is not spent by that: scanners of mail follow links.
pub(in crate::http) async fn show(
    request: HttpRequest,
    accounts: Data<Accounts>,
    site: Data<Site>,
) -> Result<HttpResponse> {
    let mut query = Query::parse(request.query_string());
    let (token, done) = (query.take("token").map(Zeroizing::new), query.take("done"));
    let Some(token) = token else {
        let step = match done.as_deref() {
            Some("sent") => ResetStep::Sent,
            Some("set") => ResetStep::Done,
            _ if accounts.mail().is_sent => ResetStep::Ask { email: "" },
            _ => ResetStep::AskAdministrator,
        };
        return without_referrer(page(&reset_page(step, &accounts, &site)));
    };
    let Some(username) = accounts.user_of_reset_link(&token).await? else {
        return without_referrer(page(&invalid_link(&accounts, &site)));
    };
    let step = choose(&token, &username, &accounts);
    without_referrer(page(&reset_page(step, &accounts, &site)))
}

/// Has a link sent, or sets a new password. No cookie counts here, so a page of another site can do
/// no more than its author.
pub(in crate::http) async fn reset(
    request: HttpRequest,
    body: Payload,
    accounts: Data<Accounts>,
    site: Data<Site>,
) -> Result<HttpResponse> {
    let form = ResetForm::try_from(read_form(&request, body).await?)?;
    match (&form.token, form.new_password) {
        (Some(token), new) => set_password(&request, token, new, &accounts, &site).await,
        (None, _) => send_link(&request, form.email.as_deref(), &accounts, &site).await,
    }
}

impl TryFrom<Query> for ResetForm {
    type Error = Problem;

    fn try_from(mut form: Query) -> Result<Self> {
        let [token, new_password] =
            ["token", "new_password"].map(|name| form.take(name).map(Zeroizing::new));
        let email = form.take("email");
        form.check()?;
        Ok(Self { email, token, new_password })
    }
}

async fn send_link(
    request: &HttpRequest,
    typed: Option<&str>,
    accounts: &Accounts,
    site: &Site,
) -> Result<HttpResponse> {
    let typed = typed.ok_or_else(|| refused_member("email", &"is missing"))?;
    if !accounts.mail().is_sent {
        return Err(Problem::not_found("not_found", "This service sends no mail.".to_owned()));
    }
    let (problem, fault) = match typed.parse::<Email>() {
        Err(fault) => {
            (refused_member("email", &fault), Some("This e-mail address is not valid.".to_owned()))
        }
        Ok(email) => {
            match accounts.send_reset_link(email, source(&RequestContext::of(request))).await {
                Ok(()) => return without_referrer(Ok(redirect("/reset?done=sent").finish())),
                Err(error) => {
                    let fault = too_many(&error);
                    (error.into(), fault)
                }
            }
        }
    };
    let mut shown = reset_page(ResetStep::Ask { email: typed }, accounts, site);
    shown.faults.extend(fault);
    Err(again(request, problem, &shown))
}

async fn set_password(
    request: &HttpRequest,
    token: &str,
    new: Option<Zeroizing<String>>,
    accounts: &Accounts,
    site: &Site,
) -> Result<HttpResponse> {
    let set = async {
        let new: Password = new.unwrap_or_default().parse()?;
        accounts.reset_password(token, new, source(&RequestContext::of(request))).await
    };
    let error: PasswordResetError = match set.await {
        Ok(()) => return without_referrer(Ok(redirect("/reset?done=set").finish())),
        Err(error) => error,
    };
    let username = accounts.user_of_reset_link(token).await?;
    let mut shown = match &username {
        Some(username) => reset_page(choose(token, username, accounts), accounts, site),
        None => invalid_link(accounts, site),
    };
    if username.is_some() {
        shown.faults.extend(words(&error));
    }
    Err(again(request, error.into(), &shown))
}

fn reset_page<'a>(step: ResetStep<'a>, accounts: &Accounts, site: &'a Site) -> ResetPage<'a> {
    let can_ask = accounts.mail().is_sent;
    ResetPage { service: site.title(), step, can_ask, faults: Vec::new() }
}

fn invalid_link<'a>(accounts: &Accounts, site: &'a Site) -> ResetPage<'a> {
    let mut shown = reset_page(ResetStep::InvalidLink, accounts, site);
    shown.faults.push("This link is not valid any more.".to_owned());
    shown
}

fn choose<'a>(token: &'a str, username: &'a str, accounts: &Accounts) -> ResetStep<'a> {
    ResetStep::Choose { token, username, min_length: accounts.password_rules().min_length }
}

/// Nothing of a link is told to another site, nor to our other pages. Its forms need no `Origin`.
fn without_referrer(response: Result<HttpResponse>) -> Result<HttpResponse> {
    let mut response = response?;
    response.headers_mut().insert(REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    Ok(response)
}

/// The problem, shown as the page where another attempt can help.
fn again(request: &HttpRequest, problem: Problem, shown: &ResetPage<'_>) -> Problem {
    if !shown.faults.is_empty() && wants_html(request.headers()) {
        page::show(&problem, shown);
    }
    problem
}

fn words(error: &PasswordResetError) -> Option<String> {
    match error {
        PasswordResetError::Password(fault) => Some(password_words(*fault)),
        PasswordResetError::Hash(HashError::Busy) => {
            Some("Too many people are logging in just now. Wait a moment and try again.".to_owned())
        }
        PasswordResetError::Reset(ResetError::InvalidLink | ResetError::Store(_))
        | PasswordResetError::Hash(_) => None,
    }
}

fn too_many(error: &MailRequestError) -> Option<String> {
    match error {
        MailRequestError::TooMany { retry_after } => {
            let try_again = try_again(*retry_after);
            Some(format!("There were too many requests. {try_again}."))
        }
        _ => None,
    }
}
