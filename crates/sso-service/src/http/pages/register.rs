//! `/register`: the form, and the registration with it. It exists only where registration is open.

use actix_web::{
    HttpRequest, HttpResponse,
    web::{Data, Payload},
};
use askama::Template;
use service_runtime::http::{Authenticated, Problem, Query, RequestContext, Result};
use shared_types::FieldFault;

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
        error::refused,
        wire::{accept::wants_html, body_faults::member_fault, form::read_form, source::source},
    },
    site::{RedirectTarget, Site},
    store::CreateUserError,
    users::{Email, HashError, Password},
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
    faults: Vec<String>,
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
        faults: Vec::new(),
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
    let newcomer = newcomer(credentials, email, accounts)?;
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

/// The fields as they are needed, or everything that is wrong with them.
fn newcomer(
    credentials: &Credentials,
    email: &str,
    accounts: &Accounts,
) -> Result<Newcomer, RefusedRegistration> {
    let mut faults = FormFaults::default();
    let username = faults.take("username", credentials.username.parse(), |_| {
        "A user name consists of the letters a to z, digits, and . _ @ -. It begins with a letter \
         or a digit, and has at most 63 characters."
            .to_owned()
    });
    let must_have_email = accounts.mail().must_verify;
    let email = Some(email.trim()).filter(|email| !email.is_empty());
    let email = email.map(str::parse::<Email>).transpose();
    let email = faults.take("email", email, |_| match must_have_email {
        true => "This e-mail address is not valid.".to_owned(),
        false => "This e-mail address is not valid. You may leave it empty.".to_owned(),
    });
    if must_have_email && email == Some(None) {
        faults.add("email", "is missing", EMAIL_MISSING.to_owned());
    }
    let password = credentials.password.parse().and_then(|password: Password| {
        accounts.password_rules().check_for(&password, username.as_ref())?;
        Ok(password)
    });
    let password = faults.take("password", password, |fault| password_words(*fault));
    match (username, email, password) {
        (Some(username), Some(email), Some(password)) if faults.words.is_empty() => {
            Ok(Newcomer { username, password, email })
        }
        _ => Err(faults.into()),
    }
}

/// What is wrong with the fields of a form: for the problem, and in words.
#[derive(Default)]
struct FormFaults {
    faults: Vec<FieldFault>,
    words: Vec<String>,
}

impl FormFaults {
    /// The value of a field. A fault is kept.
    fn take<T, E: ToString>(
        &mut self,
        name: &str,
        value: Result<T, E>,
        words: impl FnOnce(&E) -> String,
    ) -> Option<T> {
        value.map_err(|fault| self.add(name, &fault.to_string(), words(&fault))).ok()
    }

    fn add(&mut self, name: &str, fault: &str, words: String) {
        self.faults.push(member_fault(name, fault.to_owned()));
        self.words.push(words);
    }
}

/// A refused registration: as a problem and, where another attempt can help, in words for the form.
struct RefusedRegistration {
    problem: Problem,
    words: Vec<String>,
}

impl From<FormFaults> for RefusedRegistration {
    fn from(FormFaults { faults, words }: FormFaults) -> Self {
        Self { problem: refused("invalid_value", faults), words }
    }
}

impl From<RegisterError> for RefusedRegistration {
    fn from(error: RegisterError) -> Self {
        let words = words(&error).into_iter().collect();
        Self { problem: error.into(), words }
    }
}

const EMAIL_MISSING: &str = "Your e-mail address is needed: we send a code there.";

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
        RegisterError::EmailMissing => EMAIL_MISSING,
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
    form.faults = refusal.words;
    if !form.faults.is_empty() && wants_html(request.headers()) {
        page::show(&refusal.problem, &form);
    }
    refusal.problem
}
