//! Operations for browsers: the pages, and the forms on them.

use serde_json::json;
use service_runtime::http::openapi::{
    ApiOperation, Credential, header_ref, html, query_parameter, redirect, text,
};
use utoipa::openapi::ResponseBuilder;

use super::examples::{ALICE, PASSWORD};
use crate::http::{
    auth::credentials::CredentialsForm,
    pages::{AccountForm, AdminForm, ResetForm},
};

/// The group of these operations.
pub(super) const TAG: (&str, &str) = ("pages", "Browsers show pages, without scripts.");

fn page_operation(id: &'static str, summary: &str) -> ApiOperation {
    ApiOperation::new(TAG.0, id, summary)
}

/// An operation with the query parameter `return_to`.
fn returning(operation: ApiOperation) -> ApiOperation {
    let description = "The URL to go on to, of a host that is configured or of this service; any \
                       other counts as absent.";
    operation.parameter(query_parameter("return_to", description, text(), "/account"))
}

/// An answer that gives cookies, or takes them back.
fn with_cookies(response: ResponseBuilder) -> ResponseBuilder {
    response.header_ref("Set-Cookie", header_ref("Set-Cookie"))
}

pub(super) fn start_page() -> ApiOperation {
    page_operation("start_page", "Leads to the account page")
        .answer(303, redirect("To `/account`."))
}

pub(super) fn renew() -> ApiOperation {
    returning(page_operation("renew", "Renews the session of a browser and returns"))
        .description("For navigations only: a script is refused (403 `csrf`).")
        .accepts([Credential::RefreshCookie])
        .problems([403, 429])
        .answer(200, html("A page that navigates here again, after one from another site."))
        .answer(303, with_cookies(redirect("Back, with new cookies; else to `/login`.")))
}

pub(super) fn log_in_page() -> ApiOperation {
    returning(page_operation("log_in_page", "Shows the form to log in"))
        .accepts([Credential::SessionCookie])
        .problems([403])
        .answer(200, html("The form."))
        .answer(303, redirect("The user is logged in: straight on."))
}

pub(super) fn log_in_form() -> ApiOperation {
    form("log_in_form", "Logs in by the form").problems([401])
}

pub(super) fn register_page() -> ApiOperation {
    returning(page_operation("register_page", "Shows the form to register"))
        .description("There only where registration is open.")
        .accepts([Credential::SessionCookie])
        .problems([403, 404])
        .answer(200, html("The form."))
        .answer(303, redirect("The user is logged in: straight on."))
}

pub(super) fn register_form() -> ApiOperation {
    form("register_form", "Registers by the form, and logs in")
        .description("There only where registration is open.")
        .problems([401, 404, 409])
}

pub(super) fn log_in_upstream() -> ApiOperation {
    let prompt = "`login`: the user logs in at the provider again.";
    returning(page_operation("log_in_upstream", "Leads to the login provider"))
        .description("There only where users log in by a provider. For navigations only.")
        .parameter(query_parameter("prompt", prompt, text(), "login"))
        .problems([403, 404])
        .answer(303, with_cookies(redirect("To the provider, with the cookie of the log-in.")))
}

pub(super) fn log_in_callback() -> ApiOperation {
    let code = "What the provider gives the browser, with `state`, `iss` and `error`.";
    let [state, iss, error] =
        ["The state of the log-in.", "The issuer.", "Why the provider refuses the log-in."];
    page_operation("log_in_callback", "Takes the browser from the login provider and logs in")
        .description(
            "There only where users log in by a provider. Guarded by `state`, which is good once, in \
             the browser that began the log-in.",
        )
        .parameter(query_parameter("code", code, text(), "SplxlOBeZQQYbYS6WxSbIA"))
        .parameter(query_parameter("state", state, text(), "af0ifjsldkj"))
        .parameter(query_parameter("iss", iss, text(), "https://login.example.org"))
        .parameter(query_parameter("error", error, text(), "access_denied"))
        .problems([403, 404, 502])
        .answer(303, with_cookies(redirect("On, with the cookies of the session.")))
}

pub(super) fn admin_page() -> ApiOperation {
    let section = "`users`, `user` (with `name`), `roles`, `grants`, `keys`, `clients`, `sessions` \
                   (with `name`) or `audit` (with `kind` and `name`).";
    page_operation("admin_page", "Shows a section of the page for administrators")
        .parameter(query_parameter("section", section, text(), "users"))
        .parameter(query_parameter("name", "A user.", text(), ALICE))
        .parameter(query_parameter("kind", "A kind of events.", text(), "login_failed"))
        .parameter(query_parameter("after", "The last item of the page before.", text(), ALICE))
        .accepts([Credential::SessionCookie])
        .problems([403, 404])
        .answer(200, html("The section."))
        .answer(303, redirect("To `/auth/refresh`, which leads to the log-in if needed."))
}

pub(super) fn admin_form() -> ApiOperation {
    page_operation("admin_form", "Changes something by a form of the page for administrators")
        .description(
            "The other fields are the members of the body of the same request at `/admin/…`.",
        )
        .accepts([Credential::SessionCookie])
        .form::<AdminForm>(json!({"action": "end-sessions", "name": ALICE}))
        .problems([401, 403, 404, 409])
        .answer(200, html("The section, with a key, a secret or a link that is shown this once."))
        .answer(303, redirect("To the section, which says what was done."))
}

pub(super) fn reset_page() -> ApiOperation {
    let token = "The secret of a link to a new password. It is not spent.";
    page_operation("reset_page", "Asks for the address of an account, or for a new password")
        .parameter(query_parameter("token", token, text(), "6l0mZb6Q3lHn7vSZ0WcWk2l0y8p1rJb1c"))
        .answer(200, html("The form."))
}

pub(super) fn reset_form() -> ApiOperation {
    page_operation("reset_form", "Sends a link to a new password, or sets one, by the form")
        .form::<ResetForm>(json!({"email": "alice@example.org"}))
        .problems([404, 429])
        .answer(303, redirect("To the page, which says what was done."))
}

/// A form of credentials, which our own pages may send.
fn form(id: &'static str, summary: &str) -> ApiOperation {
    page_operation(id, summary)
        .form::<CredentialsForm>(json!({"username": ALICE, "password": PASSWORD}))
        .problems([403, 429])
        .answer(200, with_cookies(html("A page that navigates to another host.")))
        .answer(303, with_cookies(redirect("On, with the cookies of the session.")))
}

pub(super) fn log_out_page() -> ApiOperation {
    page_operation("log_out_page", "Asks whether to log out")
        .accepts([Credential::SessionCookie])
        .problems([403])
        .answer(200, html("The question."))
}

pub(super) fn log_out_form() -> ApiOperation {
    page_operation("log_out_form", "Logs out by the form")
        .accepts([Credential::SessionCookie])
        .problems([403])
        .answer(303, with_cookies(redirect("To `/login`, without cookies.")))
}

pub(super) fn account_page() -> ApiOperation {
    page_operation("account_page", "Shows the account of the user")
        .accepts([Credential::SessionCookie])
        .problems([403])
        .answer(200, html("The account."))
        .answer(303, redirect("To `/auth/refresh`, which leads to the log-in if needed."))
}

pub(super) fn account_form() -> ApiOperation {
    page_operation("account_form", "Ends sessions or changes the password by a form of the page")
        .accepts([Credential::SessionCookie])
        .form::<AccountForm>(json!({"action": "end-others"}))
        .problems([401, 403, 429])
        .answer(200, html("The question whether to end all sessions."))
        .answer(
            303,
            redirect("To the page, which says what was done; to `/login` after a log-out."),
        )
}
