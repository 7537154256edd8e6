//! `/login`: the form, and the log-in with it.

use actix_web::{
    HttpRequest, HttpResponse, ResponseError,
    http::StatusCode,
    web::{Data, Payload},
};
use askama::Template;
use service_runtime::http::{Authenticated, Problem, Query, Result};

use super::{
    continuing::continue_after_form,
    destination::{Destination, has_lost_cookies},
    error::try_again,
    page::{self, page, redirect, with_return_to},
};
use crate::{
    accounts::Accounts,
    authority::SessionAuthority,
    http::{
        auth::credentials::{Credentials, CredentialsForm, begin_session},
        caller::{csrf, visitor::Visitor},
        wire::{accept::wants_html, form::read_form},
    },
    site::{RedirectTarget, Site},
};

/// The fields of the form.
struct LoginForm {
    credentials: CredentialsForm,
    return_to: Option<String>,
}

#[derive(Template)]
#[template(path = "login.html")]
struct LoginPage<'a> {
    host: &'a str,
    username: &'a str,
    fault: Option<String>,
    target: &'a RedirectTarget,
    /// The application that the user goes on to, if it sent the browser here.
    client: Option<&'a str>,
    /// The link to registration, if it is open.
    register: Option<String>,
}

/// Shows the form. A user who is logged in goes straight on.
pub(in crate::http) async fn show(
    Destination(target): Destination,
    Authenticated(Visitor(user)): Authenticated<Visitor>,
    request: HttpRequest,
    accounts: Data<Accounts>,
    site: Data<Site>,
) -> Result<HttpResponse> {
    if user.is_some() {
        return Ok(redirect(target.location()).finish());
    }
    show_form(&request, form("", &accounts, &target, &site), &site)
}

/// Shows the form to a user who has to log in, perhaps again, to go on to a client.
pub(in crate::http) fn show_log_in(
    request: &HttpRequest,
    accounts: &Accounts,
    target: &RedirectTarget,
    site: &Site,
    client: &str,
    username: Option<&str>,
) -> Result<HttpResponse> {
    let mut form = form(username.unwrap_or_default(), accounts, target, site);
    form.client = Some(client);
    show_form(request, form, site)
}

fn show_form(request: &HttpRequest, mut form: LoginPage<'_>, site: &Site) -> Result<HttpResponse> {
    if has_lost_cookies(request, site)? {
        form.fault = Some(
            "You have just logged in, but your browser did not keep our cookie. Allow cookies \
             for this site, then log in again."
                .to_owned(),
        );
    }
    page(&form)
}

fn form<'a>(
    username: &'a str,
    accounts: &Accounts,
    target: &'a RedirectTarget,
    site: &'a Site,
) -> LoginPage<'a> {
    let register = accounts.check_open().is_ok().then(|| with_return_to("/register", target));
    LoginPage { host: site.origin().host(), username, fault: None, target, client: None, register }
}

/// Begins a session, always a new one: others may know the tokens that the browser had before.
pub(in crate::http) async fn log_in(
    request: HttpRequest,
    body: Payload,
    authority: Data<SessionAuthority>,
    accounts: Data<Accounts>,
    site: Data<Site>,
) -> Result<HttpResponse> {
    csrf::check(request.headers(), &site)?;
    let sent = LoginForm::try_from(read_form(&request, body).await?)?;
    let target = site.redirect_target(sent.return_to.as_deref());
    let credentials = Credentials::try_from(sent.credentials)?;
    match begin_session(&request, &credentials, &authority).await {
        Ok(logged_in) => continue_after_form(&logged_in, &target, &site),
        Err(error) => {
            let form = form(&credentials.username, &accounts, &target, &site);
            Err(again(&request, error.into(), form))
        }
    }
}

impl TryFrom<Query> for LoginForm {
    type Error = Problem;

    fn try_from(mut form: Query) -> Result<Self> {
        let return_to = form.take("return_to");
        Ok(Self { credentials: form.try_into()?, return_to })
    }
}

/// The problem, shown as the form with an error message where another attempt can help.
fn again(request: &HttpRequest, problem: Problem, mut form: LoginPage<'_>) -> Problem {
    form.fault = fault(&problem);
    if form.fault.is_some() && wants_html(request.headers()) {
        page::show(&problem, &form);
    }
    problem
}

fn fault(problem: &Problem) -> Option<String> {
    match (problem.code(), problem.status_code()) {
        ("invalid_credentials", _) => {
            Some("The user name or the password is wrong. Check both and try again.".to_owned())
        }
        ("busy" | "too_many_sessions", _) => {
            Some("Too many people are logging in just now. Wait a moment and try again.".to_owned())
        }
        (_, StatusCode::TOO_MANY_REQUESTS) => {
            let try_again = try_again(problem.retry_after().unwrap_or_default());
            Some(format!("There were too many wrong attempts. {try_again}."))
        }
        _ => None,
    }
}
