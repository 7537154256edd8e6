//! `/login`: the form, and the log-in with it.

use actix_web::{
    HttpRequest, HttpResponse, ResponseError,
    http::StatusCode,
    web::{Data, Payload},
};
use askama::Template;
use service_runtime::http::{Authenticated, Problem, Query, RequestContext, Result};

use super::{
    continuing::continue_after_form,
    destination::{Destination, has_lost_cookies},
    error::try_again,
    page::{self, page, redirect, with_return_to},
};
use crate::{
    accounts::{Accounts, MailRequestError},
    authority::SessionAuthority,
    http::{
        auth::credentials::{Credentials, CredentialsForm, begin_session},
        caller::{csrf, visitor::Visitor},
        wire::{accept::wants_html, form::read_form, source::source},
    },
    site::{RedirectTarget, Site},
    store::VerifyEmailError,
};

/// The fields of the form.
struct LoginForm {
    credentials: CredentialsForm,
    /// The code that verifies the address of the user, on the form that asks for it.
    code: Option<String>,
    /// Whether another code is to be sent.
    wants_code: bool,
    return_to: Option<String>,
}

#[derive(Template)]
#[template(path = "login.html")]
struct LoginPage<'a> {
    service: &'a str,
    username: &'a str,
    fault: Option<String>,
    notice: Option<&'static str>,
    /// Whether the form asks for the code that verifies the address of the user.
    asks_code: bool,
    /// Whether a user who has forgotten the password can get mail.
    can_reset: bool,
    target: &'a RedirectTarget,
    /// The application that the user goes on to, if it sent the browser here.
    client: Option<&'a str>,
    /// The name of the provider that users log in by, and the link to it.
    upstream: Option<(String, String)>,
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
    if let Some((_, link)) = form.upstream.as_mut().filter(|_| username.is_some()) {
        // The user has a session, and has to log in again.
        let separator = if link.contains('?') { '&' } else { '?' };
        link.push(separator);
        link.push_str("prompt=login");
    }
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
    LoginPage {
        service: site.title(),
        username,
        fault: None,
        notice: None,
        asks_code: false,
        can_reset: accounts.mail().is_sent,
        target,
        client: None,
        upstream: accounts
            .upstream()
            .map(|name| (name.to_owned(), with_return_to("/auth/oidc/start", target))),
        register,
    }
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
    let (code, wants_code) = (sent.code, sent.wants_code);
    let credentials = Credentials::try_from(sent.credentials)?;
    let form = form(&credentials.username, &accounts, &target, &site);
    if wants_code {
        return send_code(&request, &accounts, form).await;
    }
    let verified = verify(&request, &credentials, code.as_deref(), &accounts).await;
    let logged_in = match verified {
        Ok(()) => begin_session(&request, &credentials, &authority).await.map_err(Problem::from),
        Err(problem) => Err(problem),
    };
    match logged_in {
        Ok(logged_in) => continue_after_form(&logged_in, &target, &site),
        Err(problem) => Err(again(&request, problem, form)),
    }
}

/// Verifies the address of the user by the code that the form asked for, if it did.
async fn verify(
    request: &HttpRequest,
    credentials: &Credentials,
    code: Option<&str>,
    accounts: &Accounts,
) -> Result<()> {
    let Some(code) = code else {
        return Ok(());
    };
    let wrong = MailRequestError::Verify(VerifyEmailError::WrongCode);
    // No user has another name, and no mail another code.
    let (Ok(username), Ok(code)) = (credentials.username.parse(), code.parse()) else {
        return Err(wrong.into());
    };
    Ok(accounts.verify_email(username, code, source(&RequestContext::of(request))).await?)
}

/// Has another code sent, and shows the form again.
async fn send_code(
    request: &HttpRequest,
    accounts: &Accounts,
    mut form: LoginPage<'_>,
) -> Result<HttpResponse> {
    form.asks_code = true;
    if let Ok(username) = form.username.parse() {
        let sent = accounts.send_code(username, source(&RequestContext::of(request))).await;
        if let Err(error) = sent {
            return Err(again(request, error.into(), form));
        }
    }
    form.notice = Some("Another code is on its way. It replaces the one before.");
    page(&form)
}

impl TryFrom<Query> for LoginForm {
    type Error = Problem;

    fn try_from(mut form: Query) -> Result<Self> {
        let (return_to, code) = (form.take("return_to"), form.take("code"));
        let wants_code = form.take("send_code").is_some();
        Ok(Self { credentials: form.try_into()?, code, wants_code, return_to })
    }
}

/// The problem, shown as the form with an error message where another attempt can help.
fn again(request: &HttpRequest, problem: Problem, mut form: LoginPage<'_>) -> Problem {
    form.fault = fault(&problem);
    form.asks_code |= matches!(problem.code(), "email_unverified" | "invalid_code");
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
        ("email_unverified", _) => Some(
            "Your e-mail address is not verified yet. Type the six digits that we sent there."
                .to_owned(),
        ),
        ("invalid_code", _) => {
            Some("The code is wrong or not valid any more. Have another one sent.".to_owned())
        }
        ("email_taken", _) => {
            Some("Another user has verified this e-mail address. Ask an administrator.".to_owned())
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
