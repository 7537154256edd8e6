//! `/device`: a user names a device by its code, and lets it have a session (RFC 8628, section 3.3).

use std::time::Duration;

use actix_web::{
    HttpRequest, HttpResponse,
    http::StatusCode,
    web::{Data, Payload},
};
use askama::Template;
use service_runtime::http::{Authenticated, Problem, Query, RequestContext, Result};
use url::form_urlencoded;
use uuid::Uuid;

use super::error::wrong_decision;
use crate::{
    accounts::Accounts,
    authority::SessionAuthority,
    http::{
        caller::{csrf, visitor::Visitor},
        pages::{page, show_log_in, show_problem},
        wire::{accept::wants_html, form::read_form, source::source},
    },
    oidc::{DeviceRequest, GuessedDevice, OidcProvider, UserCode},
    sessions::Principal,
    site::{DEVICE_PATH, Site},
};

const USER_CODE: &str = "user_code";
const CLIENT: &str = "kubectl-sso";
/// After so many wrong codes.
const GUESSING_PAUSE: Duration = Duration::from_secs(600);

#[derive(Template)]
#[template(path = "device.html")]
struct DevicePage<'a> {
    service: &'a str,
    user_code: &'a str,
    fault: Option<&'a str>,
}

#[derive(Template)]
#[template(path = "device_consent.html")]
struct DeviceConsentPage<'a> {
    service: &'a str,
    client: &'a str,
    username: &'a str,
    user_id: Uuid,
    user_code: String,
    ip: &'a str,
    asked_at: String,
}

#[derive(Template)]
#[template(path = "device_done.html")]
struct DeviceDonePage<'a> {
    service: &'a str,
    client: &'a str,
    is_approved: bool,
}

/// The fields of the forms of these pages.
struct DeviceForm {
    /// As it was typed.
    user_code: String,
    decision: Option<DeviceDecision>,
}

struct DeviceDecision {
    /// The user whom the page named.
    user_id: Uuid,
    is_approval: bool,
}

/// Shows the form for the code, to a user who is logged in.
pub(in crate::http) async fn show_device_form(
    Authenticated(Visitor(user)): Authenticated<Visitor>,
    request: HttpRequest,
    accounts: Data<Accounts>,
    site: Data<Site>,
) -> Result<HttpResponse> {
    let mut query = Query::parse(request.query_string());
    query.check()?;
    let user_code = query.take(USER_CODE).unwrap_or_default();
    match user {
        Some(_) => page(&DevicePage { service: site.title(), user_code: &user_code, fault: None }),
        None => log_in(&request, &accounts, &site, &user_code),
    }
}

/// Asks the user about the device with the code that was typed; does what the user has decided.
pub(in crate::http) async fn decide_on_device(
    request: HttpRequest,
    body: Payload,
    provider: Data<OidcProvider>,
    authority: Data<SessionAuthority>,
    accounts: Data<Accounts>,
    site: Data<Site>,
) -> Result<HttpResponse> {
    csrf::check_same_origin(request.headers(), &site)?;
    let form = DeviceForm::try_from(read_form(&request, body).await?)?;
    let Visitor(user) = Visitor::of(&request, &authority, &site).await?;
    let Some(user) = user else {
        return log_in(&request, &accounts, &site, &form.user_code);
    };
    let code = form.user_code.parse::<UserCode>().ok();
    let device = provider.waiting_device(code.as_ref(), &user).await?;
    let (code, device) = match (code, device) {
        (Some(code), GuessedDevice::Waiting(device)) => (code, device),
        (_, GuessedDevice::TooManyGuesses) => {
            return Err(with_form(&request, too_many_codes(), &form.user_code, &site));
        }
        _ => return Err(with_form(&request, unknown_code(), &form.user_code, &site)),
    };
    match form.decision {
        // Another user may have logged in meanwhile, in another tab.
        Some(decision) if decision.user_id == user.account.user_id => {
            decide(&request, &provider, code, &user, decision.is_approval).await?;
            page(&DeviceDonePage {
                service: site.title(),
                client: CLIENT,
                is_approved: decision.is_approval,
            })
        }
        _ => ask(&code, &device, &user, &site),
    }
}

async fn decide(
    request: &HttpRequest,
    provider: &OidcProvider,
    code: UserCode,
    user: &Principal,
    is_approval: bool,
) -> Result<()> {
    let context = RequestContext::of(request);
    match is_approval {
        true => provider.approve_device(code, user, source(&context)).await?,
        false => provider.refuse_device(code).await?,
    }
    Ok(())
}

fn ask(
    code: &UserCode,
    device: &DeviceRequest,
    user: &Principal,
    site: &Site,
) -> Result<HttpResponse> {
    page(&DeviceConsentPage {
        service: site.title(),
        client: CLIENT,
        username: &user.account.username,
        user_id: user.account.user_id,
        user_code: code.to_string(),
        ip: &device.ip,
        asked_at: device.created_at.format("%H:%M UTC").to_string(),
    })
}

/// Shows the log-in, after which the user comes back here.
fn log_in(
    request: &HttpRequest,
    accounts: &Accounts,
    site: &Site,
    user_code: &str,
) -> Result<HttpResponse> {
    let query =
        form_urlencoded::Serializer::new(String::new()).append_pair(USER_CODE, user_code).finish();
    let target = format!("{}{DEVICE_PATH}?{query}", site.origin().as_str());
    let target = site.redirect_target(Some(&target));
    show_log_in(request, accounts, &target, site, CLIENT, None)
}

/// The problem, shown as the form with a message.
fn with_form(request: &HttpRequest, problem: Problem, user_code: &str, site: &Site) -> Problem {
    if wants_html(request.headers()) {
        let service = site.title();
        show_problem(&problem, &DevicePage { service, user_code, fault: Some(problem.detail()) });
    }
    problem
}

fn unknown_code() -> Problem {
    let detail = "No device waits with this code. Codes are valid for ten minutes.";
    Problem::new(StatusCode::BAD_REQUEST, "unknown_user_code", detail)
}

fn too_many_codes() -> Problem {
    let detail = "There were too many wrong codes. Try again in ten minutes.";
    Problem::too_many_requests("too_many_attempts", detail, GUESSING_PAUSE)
}

impl TryFrom<Query> for DeviceForm {
    type Error = Problem;

    fn try_from(mut form: Query) -> Result<Self> {
        form.check()?;
        let user_code = form.take(USER_CODE).unwrap_or_default();
        let user_id = form.take("user");
        let decision = match form.take("decision").as_deref() {
            None => None,
            Some(word @ ("approve" | "refuse")) => {
                let user_id = user_id.and_then(|id| id.parse().ok()).ok_or_else(wrong_decision)?;
                Some(DeviceDecision { user_id, is_approval: word == "approve" })
            }
            Some(_) => return Err(wrong_decision()),
        };
        Ok(Self { user_code, decision })
    }
}
