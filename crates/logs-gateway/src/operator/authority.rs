//! Asking the authority for a session, and for the next one.

use std::{
    error::Error,
    fmt::{self, Display},
    io,
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
    time::Duration,
};

use reqwest::{
    Client, Response, StatusCode,
    header::{CONTENT_TYPE, RETRY_AFTER},
    redirect,
};
use serde::{Deserialize, Serialize};
use service_runtime::{clock::Clock, tls::Trust};
use shared_types::BearerToken;
use tokio::time::sleep;
use zeroize::Zeroizing;

use super::{answer, session::Session, sso_url::SsoUrl};

/// A log-in waits for its turn to be hashed.
const LOG_IN_TIME: Duration = Duration::from_secs(15);
/// An answer to a refresh that got lost is asked for again: for ten seconds the authority gives
/// the same one. All tries together take less.
const REFRESH_TRIES: usize = 3;
const REFRESH_TIME: Duration = Duration::from_millis(2500);
const REFRESH_PAUSE: Duration = Duration::from_millis(500);
/// The largest answer that is read, in bytes.
const MAX_ANSWER_BYTES: usize = 64 * 1024;

/// An authority, as its user sees it.
#[derive(Debug)]
pub(super) struct Authority<'a> {
    client: Client,
    sso: &'a SsoUrl,
    clock: &'a dyn Clock,
}

/// Why there is no session.
#[derive(Debug, thiserror::Error)]
pub(crate) enum AskError {
    /// The client cannot be set up.
    #[error("{0}")]
    NoClient(Cause),
    #[error("{0}")]
    NoTls(#[from] rustls::Error),
    #[error("no certificate authority is known to believe it by (see login --ca)")]
    NobodyToBelieve,
    /// There was no answer. What was asked may have been done.
    #[error("{0}")]
    NoAnswer(Cause),
    #[error("{0}")]
    Refused(Refusal),
    /// Not one that an authority gives.
    #[error("its answer makes no sense")]
    Nonsense,
}

/// An answer other than a session.
#[derive(Debug)]
pub(crate) struct Refusal {
    pub(super) status: StatusCode,
    pub(super) code: Option<String>,
    /// In seconds.
    pub(super) retry_after: Option<u32>,
}

/// What went wrong at the bottom of it.
#[derive(Debug)]
pub(crate) struct Cause(reqwest::Error);

#[derive(Serialize)]
struct Credentials<'a> {
    username: &'a str,
    password: &'a str,
}

#[derive(Serialize)]
struct Refresh<'a> {
    refresh_token: &'a str,
}

impl<'a> Authority<'a> {
    /// The authority at `sso`; over https it is believed if one of `ca` signed its certificate,
    /// or one that the system knows.
    pub(super) fn new(
        sso: &'a SsoUrl,
        ca: Option<&str>,
        clock: &'a dyn Clock,
    ) -> Result<Self, AskError> {
        let trust = match ca {
            _ if !sso.is_https() => Trust::nobody(),
            Some(pem) => Trust::in_pem(pem.as_bytes()).map_err(|_| AskError::NobodyToBelieve)?,
            None => Trust::system().map_err(|_| AskError::NobodyToBelieve)?,
        };
        let tls = trust.client_config()?;
        // Whatever a resolver says: plain http stays on this machine.
        let loopback = [IpAddr::from(Ipv4Addr::LOCALHOST), Ipv6Addr::LOCALHOST.into()];
        let client = Client::builder()
            .no_proxy()
            .redirect(redirect::Policy::none())
            .tls_backend_preconfigured(tls)
            .resolve_to_addrs("localhost", &loopback.map(|ip| SocketAddr::new(ip, 0)))
            .user_agent(concat!(env!("CARGO_PKG_NAME"), "/", env!("CARGO_PKG_VERSION")))
            .build()
            .map_err(|error| AskError::NoClient(Cause(error)))?;
        Ok(Self { client, sso, clock })
    }

    pub(super) async fn log_in(&self, username: &str, password: &str) -> Result<Session, AskError> {
        self.ask("/auth/login", &Credentials { username, password }, LOG_IN_TIME).await
    }

    /// Spends a refresh token. It may be shown again, soon, when this fails other than by a
    /// refusal.
    pub(super) async fn refresh(&self, token: &BearerToken) -> Result<Session, AskError> {
        let refresh = Refresh { refresh_token: token.expose() };
        for _ in 1..REFRESH_TRIES {
            match self.ask("/auth/refresh", &refresh, REFRESH_TIME).await {
                Err(error) if error.leaves_open() => sleep(REFRESH_PAUSE).await,
                told => return told,
            }
        }
        self.ask("/auth/refresh", &refresh, REFRESH_TIME).await
    }

    async fn ask(
        &self,
        path: &str,
        body: &impl Serialize,
        time: Duration,
    ) -> Result<Session, AskError> {
        let body = serde_json::to_vec(body).map_err(|_| AskError::Nonsense)?;
        let asked = self.clock.now();
        let request = self.client.post(self.sso.at(path)).timeout(time);
        let request = request.header(CONTENT_TYPE, "application/json").body(body);
        let answer = request.send().await.map_err(|error| AskError::NoAnswer(Cause(error)))?;
        if answer.status() != StatusCode::OK {
            return Err(AskError::Refused(refusal(answer).await?));
        }
        answer::session(&whole(answer).await?, asked).ok_or(AskError::Nonsense)
    }
}

impl AskError {
    /// Whether it may have been done all the same.
    fn leaves_open(&self) -> bool {
        match self {
            Self::NoAnswer(_) => true,
            Self::Refused(refusal) => refusal.status.is_server_error(),
            Self::NoClient(_) | Self::NoTls(_) | Self::NobodyToBelieve | Self::Nonsense => false,
        }
    }
}

async fn refusal(answer: Response) -> Result<Refusal, AskError> {
    #[derive(Deserialize)]
    struct Problem {
        code: String,
    }
    let status = answer.status();
    let retry_after = answer.headers().get(RETRY_AFTER);
    let retry_after = retry_after.and_then(|value| value.to_str().ok()?.parse().ok());
    let problem = serde_json::from_slice::<Problem>(&whole(answer).await?).ok();
    // It is shown on a terminal.
    let is_code =
        |code: &String| code.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_');
    let code = problem.map(|problem| problem.code).filter(is_code);
    Ok(Refusal { status, code, retry_after })
}

async fn whole(mut answer: Response) -> Result<Zeroizing<Vec<u8>>, AskError> {
    let mut body = Zeroizing::new(Vec::with_capacity(MAX_ANSWER_BYTES));
    let no_answer = |error| AskError::NoAnswer(Cause(error));
    while let Some(chunk) = answer.chunk().await.map_err(no_answer)? {
        if body.len() + chunk.len() > MAX_ANSWER_BYTES {
            return Err(AskError::Nonsense);
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body)
}

impl Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "it answered {}", self.status.as_u16())?;
        if let Some(code) = &self.code {
            write!(f, " {code}")?;
        }
        match self.retry_after {
            Some(seconds) => write!(f, ", to be asked again in {seconds} s"),
            None => Ok(()),
        }
    }
}

impl Display for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0.is_timeout() {
            return f.write_str("no answer in time");
        }
        let mut cause: &(dyn Error + 'static) = &self.0;
        while let Some(deeper) = cause.source() {
            cause = deeper;
        }
        write!(f, "{cause}")?;
        if is_about_trust(cause) { f.write_str(" (see login --ca)") } else { Ok(()) }
    }
}

/// A failed handshake lies in I/O errors, one within the other.
fn is_about_trust(mut cause: &(dyn Error + 'static)) -> bool {
    while let Some(inner) = cause.downcast_ref::<io::Error>().and_then(io::Error::get_ref) {
        cause = inner;
    }
    matches!(cause.downcast_ref(), Some(rustls::Error::InvalidCertificate(_)))
}
