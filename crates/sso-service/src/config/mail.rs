//! Settings about mail.

use lettre::message::Mailbox;
use service_runtime::settings::Settings;

use crate::mail::{MailSettings, SmtpServer};

const SERVER: &str = "SSO_SMTP_URL";
const SERVER_FILE: &str = "SSO_SMTP_URL_FILE";
const FROM: &str = "SSO_SMTP_FROM";
const MUST_VERIFY: &str = "SSO_REQUIRE_VERIFIED_EMAIL";

/// How mail leaves the service. Server and sender are set together or not at all.
pub(super) fn mail(settings: &mut Settings) -> Option<MailSettings> {
    let (has_server, has_from) = (has_server(settings), settings.has(FROM));
    let server = settings.get_or_file(SERVER, str::parse::<SmtpServer>);
    let from = settings.get(FROM, |text| {
        let parsed = text.parse::<Mailbox>();
        parsed.map_err(|_| "must be an address like logs@example.org or Logs <logs@example.org>")
    });
    match (has_server, has_from) {
        (true, false) => settings.fault(FROM, "is not set, but SSO_SMTP_URL is"),
        (false, true) => settings.fault(SERVER, "is not set, but SSO_SMTP_FROM is"),
        _ => {}
    }
    Some(MailSettings { server: server?, from: from? })
}

/// Whether users who registered have to verify their address before they log in. It is read before
/// [`mail`].
pub(super) fn must_verify(settings: &mut Settings) -> bool {
    let must_verify =
        settings.get(MUST_VERIFY, |text| text.parse::<bool>().map_err(|_| "must be true or false"));
    if must_verify == Some(true) && !has_server(settings) {
        settings.fault(MUST_VERIFY, "needs SSO_SMTP_URL to be set: codes are sent by mail");
    }
    must_verify.unwrap_or(false)
}

fn has_server(settings: &Settings) -> bool {
    settings.has(SERVER) || settings.has(SERVER_FILE)
}
