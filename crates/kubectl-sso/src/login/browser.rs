//! Log-in in a browser of this machine: the code flow to a loopback port, with PKCE (RFC 8252).

use std::{
    io::{self, Write, stderr},
    time::Duration,
};

use tokio::{task::spawn_blocking, time::timeout};
use webbrowser::{Browser, BrowserOptions};

use super::{
    callback::Callback, device::on_another_machine, loopback::LoopbackPort, secret_text::SecretText,
};
use crate::{
    authority::{AuthorityClient, CLIENT_ID},
    authority_url::AuthorityUrl,
    error::CommandError,
    session::Session,
};

/// How long the user may take: the authority keeps the request as long.
const LOG_IN_TIME: Duration = Duration::from_secs(600);

/// Logs in in a browser. Where none can be opened, the user is asked to use one on any machine,
/// with a code.
pub(crate) async fn in_browser(
    authority: &AuthorityClient<'_>,
    sso: &AuthorityUrl,
) -> Result<Session, CommandError> {
    let failed = |cause| CommandError::of_browser(sso, cause);
    let endpoints = authority.browser_endpoints().await.map_err(failed)?;
    let port = LoopbackPort::open().await.map_err(CommandError::Loopback)?;
    let redirect_uri = port.redirect_uri().to_owned();
    let [state, verifier] = [SecretText::generate()?, SecretText::generate()?];
    let mut url = endpoints.authorization_endpoint.0;
    url.query_pairs_mut().extend_pairs([
        ("response_type", "code"),
        ("client_id", CLIENT_ID),
        ("redirect_uri", &redirect_uri),
        ("state", state.expose()),
        ("code_challenge", &verifier.challenge()),
        ("code_challenge_method", "S256"),
    ]);
    if !open_browser(url.to_string()).await {
        return on_another_machine(authority, sso).await;
    }
    tell(&format!("Log in with your browser, which opens this page:\n{url}\n"))?;
    let waited = timeout(LOG_IN_TIME, port.callback(state.expose(), &endpoints.issuer)).await;
    let (callback, browser) =
        waited.map_err(|_| CommandError::NotInTime)?.map_err(CommandError::Loopback)?;
    let session = match callback {
        Callback::Code(code) => {
            authority.redeem(&code, &redirect_uri, verifier.expose()).await.map_err(failed)
        }
        Callback::Denied => Err(CommandError::Denied),
        Callback::Failed(error) => Err(CommandError::InBrowser(error)),
    };
    browser.show(session.is_ok()).await;
    session
}

/// Whether a browser was opened at this address.
async fn open_browser(url: String) -> bool {
    let mut quiet = BrowserOptions::new();
    quiet.with_suppress_output(true);
    // Some browsers are waited for.
    let open = move || webbrowser::open_browser_with_options(Browser::Default, &url, &quiet);
    matches!(spawn_blocking(open).await, Ok(Ok(())))
}

/// Tells the user something while the log-in is going on.
pub(super) fn tell(text: &str) -> Result<(), CommandError> {
    let write = || -> io::Result<()> {
        stderr().write_all(text.as_bytes())?;
        stderr().flush()
    };
    write().map_err(CommandError::Output)
}
