//! `/register`: the form, and the registration with it. It exists only where registration is open.

use actix_web::{
    HttpRequest, HttpResponse,
    web::{Data, Payload},
};
use askama::Template;
use service_runtime::http::{Authenticated, Problem, Query, RequestContext, Result};

use super::{
    continuing::{continue_after_form, log_in_after_form},
    destination::Destination,
    error::try_again,
    page::{self, page, redirect, with_return_to},
    password_words::password_words,
};
use crate::{
    accounts::{Accounts, Newcomer, RegisterError},
    authority::SessionAuthority,
    http::{
        auth::credentials::{Credentials, CredentialsForm, begin_session},
        caller::{csrf, visitor::Visitor},
        error::refused_member,
        wire::{accept::wants_html, form::read_form, source::source},
    },
    site::{RedirectTarget, Site},
    store::CreateUserError,
    users::{Email, HashError},
};

/// The fields of the form.
struct RegisterForm {
    credentials: CredentialsForm,
    /// Empty if none is given.
    email: String,
    return_to: Option<String>,
}

#[derive(Template)]
#[template(path = "register.html")]
struct RegisterPage<'a> {
    service: &'a str,
    username: &'a str,
    email: &'a str,
    min_length: usize,
    /// Whether an address is required.
    needs_email: bool,
    fault: Option<String>,
    target: &'a RedirectTarget,
    log_in: String,
}

/// Shows the form. A user who is logged in goes straight on.
pub(in crate::http) async fn show(
    Destination(target): Destination,
    Authenticated(Visitor(user)): Authenticated<Visitor>,
    accounts: Data<Accounts>,
    site: Data<Site>,
) -> Result<HttpResponse> {
    if user.is_some() {
        return Ok(redirect(target.location()).finish());
    }
    page(&form("", "", &accounts, &target, &site))
}

fn form<'a>(
    username: &'a str,
    email: &'a str,
    accounts: &Accounts,
    target: &'a RedirectTarget,
    site: &'a Site,
) -> RegisterPage<'a> {
    RegisterPage {
        service: site.title(),
        username,
        email,
        min_length: accounts.password_rules().min_length,
        needs_email: accounts.mail().must_verify,
        fault: None,
        target,
        log_in: with_return_to("/login", target),
    }
}

/// Creates the account, and logs its owner in.
pub(in crate::http) async fn register(
    request: HttpRequest,
    body: Payload,
    authority: Data<SessionAuthority>,
    accounts: Data<Accounts>,
    site: Data<Site>,
) -> Result<HttpResponse> {
    csrf::check(request.headers(), &site)?;
    let sent = RegisterForm::try_from(read_form(&request, body).await?)?;
    let (target, email) = (site.redirect_target(sent.return_to.as_deref()), sent.email);
    let credentials = Credentials::try_from(sent.credentials)?;
    match create(&request, &credentials, &email, &accounts).await {
        Ok(()) => log_in(&request, &credentials, &authority, &site, &target).await,
        Err(refusal) => {
            let form = form(&credentials.username, &email, &accounts, &target, &site);
            Err(again(&request, refusal, form))
        }
    }
}

impl TryFrom<Query> for RegisterForm {
    type Error = Problem;

    fn try_from(mut form: Query) -> Result<Self> {
        let return_to = form.take("return_to");
        let email = form.take("email").unwrap_or_default();
        Ok(Self { credentials: form.try_into()?, email, return_to })
    }
}

async fn create(
    request: &HttpRequest,
    credentials: &Credentials,
    email: &str,
    accounts: &Accounts,
) -> Result<(), RefusedRegistration> {
    let newcomer = newcomer(credentials, email)?;
    accounts.register(newcomer, source(&RequestContext::of(request))).await?;
    Ok(())
}

/// Logs the new user in. If that fails, the account exists and the user can log in later.
async fn log_in(
    request: &HttpRequest,
    credentials: &Credentials,
    authority: &SessionAuthority,
    site: &Site,
    target: &RedirectTarget,
) -> Result<HttpResponse> {
    match begin_session(request, credentials, authority).await {
        Ok(logged_in) => continue_after_form(&logged_in, target, site),
        Err(_) => log_in_after_form(target, site),
    }
}

fn newcomer(credentials: &Credentials, email: &str) -> Result<Newcomer, RefusedRegistration> {
    let username = credentials.username.parse().map_err(|fault| {
        let words = "A user name consists of the letters a to z, digits, and . _ @ -. It begins \
                     with a letter or a digit, and has at most 63 characters.";
        RefusedRegistration::of_field("username", &fault, words)
    })?;
    let email = email.trim();
    let email = (!email.trim().is_empty()).then(|| email.parse::<Email>()).transpose().map_err(
        |fault| {
            RefusedRegistration::of_field(
                "email",
                &fault,
                "This e-mail address is not valid. You may leave it empty.",
            )
        },
    )?;
    let password = credentials.password.parse().map_err(RegisterError::Password)?;
    Ok(Newcomer { username, password, email })
}

/// A refused registration: as a problem and, where another attempt can help, in words for the form.
struct RefusedRegistration {
    problem: Problem,
    words: Option<String>,
}

impl RefusedRegistration {
    fn of_field(name: &str, fault: &impl ToString, words: &str) -> Self {
        Self { problem: refused_member(name, fault), words: Some(words.to_owned()) }
    }
}

impl From<RegisterError> for RefusedRegistration {
    fn from(error: RegisterError) -> Self {
        let words = words(&error);
        Self { problem: error.into(), words }
    }
}

fn words(error: &RegisterError) -> Option<String> {
    let words = match error {
        RegisterError::Password(fault) => return Some(password_words(*fault)),
        RegisterError::TooMany { retry_after } => {
            let try_again = try_again(*retry_after);
            return Some(format!(
                "There were too many new accounts from your network. {try_again}."
            ));
        }
        RegisterError::Hash(HashError::Busy) => {
            "Too many people are logging in just now. Wait a moment and try again."
        }
        RegisterError::EmailMissing => "Your e-mail address is needed: we send a code there.",
        RegisterError::Create(CreateUserError::NameTaken(_)) => {
            "This user name is taken. Choose another one."
        }
        RegisterError::Create(CreateUserError::EmailTaken) => {
            "An account with this e-mail address already exists."
        }
        _ => return None,
    };
    Some(words.to_owned())
}

/// The problem, shown as the form with an error message where another attempt can help.
fn again(
    request: &HttpRequest,
    refusal: RefusedRegistration,
    mut form: RegisterPage<'_>,
) -> Problem {
    form.fault = refusal.words;
    if form.fault.is_some() && wants_html(request.headers()) {
        page::show(&refusal.problem, &form);
    }
    refusal.problem
}
