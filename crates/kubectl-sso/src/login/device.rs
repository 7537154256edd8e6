//! Log-in in a browser of another machine: the device flow (RFC 8628).

use std::time::Duration;

use reqwest::StatusCode;
use tokio::time::{Instant, sleep};

use super::browser::tell;
use crate::{
    authority::{AuthorityClient, AuthorityError},
    authority_url::AuthorityUrl,
    error::CommandError,
    session::Session,
};

/// How much longer the authority may want a device to wait, each time (section 3.5).
const SLOWER: Duration = Duration::from_secs(5);
/// The authority cannot have a device ask more often than this, or wait longer.
const INTERVALS: std::ops::RangeInclusive<u64> = 1..=60;
/// No code is waited for longer, in seconds.
const MAX_SECONDS: u64 = 3600;

/// Shows a code, and waits until the user has typed it in any browser.
pub(crate) async fn on_another_machine(
    authority: &AuthorityClient<'_>,
    sso: &AuthorityUrl,
) -> Result<Session, CommandError> {
    let failed = |cause| CommandError::of_browser(sso, cause);
    let codes = authority.device_codes().await.map_err(failed)?;
    tell(&format!(
        "Open {} in a browser, on any machine, and enter the code {}\nOr open {}\n",
        codes.verification_uri, codes.user_code, codes.verification_uri_complete
    ))?;
    let deadline = Instant::now() + Duration::from_secs(codes.expires_in.min(MAX_SECONDS));
    let seconds = codes.interval.clamp(*INTERVALS.start(), *INTERVALS.end());
    let mut interval = Duration::from_secs(seconds);
    while Instant::now() < deadline {
        sleep(interval).await;
        match authority.redeem_device(&codes).await {
            Ok(session) => return Ok(session),
            Err(error) => match advice(&error) {
                Advice::Wait => {}
                Advice::WaitLonger => interval += SLOWER,
                Advice::Stop(refusal) => return Err(refusal),
                Advice::Fail => return Err(failed(error)),
            },
        }
    }
    Err(CommandError::NotInTime)
}

/// What to do after an answer without a session.
enum Advice {
    Wait,
    WaitLonger,
    Stop(CommandError),
    Fail,
}

fn advice(error: &AuthorityError) -> Advice {
    match error {
        // The connection was lost, or the authority restarts. A session that has begun without its
        // answer ends by itself.
        AuthorityError::NoAnswer(_) => Advice::WaitLonger,
        AuthorityError::Refused(answer) if answer.status.is_server_error() => Advice::WaitLonger,
        AuthorityError::Refused(answer) if answer.status == StatusCode::BAD_REQUEST => {
            match answer.code.as_deref() {
                Some("authorization_pending") => Advice::Wait,
                Some("slow_down") => Advice::WaitLonger,
                Some("access_denied") => Advice::Stop(CommandError::Denied),
                Some("expired_token") => Advice::Stop(CommandError::NotInTime),
                _ => Advice::Fail,
            }
        }
        _ => Advice::Fail,
    }
}
