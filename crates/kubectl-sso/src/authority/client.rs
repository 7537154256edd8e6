//! HTTP requests to the authority.

use std::{
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
    time::Duration,
};

use chrono::{DateTime, Utc};
use reqwest::{
    Client, RequestBuilder, Response, StatusCode,
    header::{CONTENT_TYPE, RETRY_AFTER},
    redirect,
};
use serde::{Deserialize, Serialize};
use shared_types::{BearerToken, paths};
use tokio::time::sleep;
use zeroize::Zeroizing;

use super::{
    error::{AuthorityError, ConnectionError, RefusedAnswer},
    session_answer::session_from_answer,
    trust::TrustedCas,
};
use crate::{authority_url::AuthorityUrl, clock::Clock, session::Session};

/// The time limit of a log-in, which waits in the queue of password hashing.
const LOG_IN_TIMEOUT: Duration = Duration::from_secs(15);
const LOG_OUT_TIMEOUT: Duration = Duration::from_secs(10);
/// The time limit of an attempt to refresh. A lost answer is requested again: for ten seconds the
/// authority gives the same one. All attempts together take less.
const REFRESH_ATTEMPTS: usize = 3;
const REFRESH_TIMEOUT: Duration = Duration::from_millis(2500);
const REFRESH_PAUSE: Duration = Duration::from_millis(500);
/// The largest answer that is read, in bytes.
const MAX_ANSWER_BYTES: usize = 64 * 1024;

/// Calls one authority.
#[derive(Debug)]
pub(crate) struct AuthorityClient<'a> {
    pub(super) http: Client,
    pub(super) url: &'a AuthorityUrl,
    clock: &'a dyn Clock,
}

#[derive(Serialize)]
struct LogInBody<'a> {
    username: &'a str,
    password: &'a str,
}

#[derive(Serialize)]
struct RefreshBody<'a> {
    refresh_token: &'a str,
}

impl<'a> AuthorityClient<'a> {
    /// A client of the authority at `url`. Over https its certificate must be signed by one of
    /// `ca`, a PEM bundle, or without a bundle by an authority that the system trusts.
    pub(crate) fn new(
        url: &'a AuthorityUrl,
        ca: Option<&str>,
        clock: &'a dyn Clock,
    ) -> Result<Self, AuthorityError> {
        let trusted = if url.is_https() { trusted_cas(ca) } else { Some(TrustedCas::none()) };
        let tls = trusted.ok_or(AuthorityError::NoTrustedCas)?.client_config()?;
        // Plain http stays on this machine, whatever a resolver says.
        let loopback = [IpAddr::from(Ipv4Addr::LOCALHOST), Ipv6Addr::LOCALHOST.into()];
        let http = Client::builder()
            .no_proxy()
            .redirect(redirect::Policy::none())
            .tls_backend_preconfigured(tls)
            .resolve_to_addrs("localhost", &loopback.map(|ip| SocketAddr::new(ip, 0)))
            .user_agent(concat!(env!("CARGO_PKG_NAME"), "/", env!("CARGO_PKG_VERSION")))
            .build()
            .map_err(|error| AuthorityError::Client(ConnectionError(error)))?;
        Ok(Self { http, url, clock })
    }

    /// Begins a session.
    pub(crate) async fn log_in(
        &self,
        username: &str,
        password: &str,
    ) -> Result<Session, AuthorityError> {
        self.session(paths::LOG_IN, &LogInBody { username, password }, LOG_IN_TIMEOUT).await
    }

    /// Spends a refresh token. After an error other than a refusal the token may be presented
    /// again within ten seconds.
    pub(crate) async fn refresh(&self, token: &BearerToken) -> Result<Session, AuthorityError> {
        let body = RefreshBody { refresh_token: token.expose() };
        for _ in 1..REFRESH_ATTEMPTS {
            match self.session(paths::REFRESH, &body, REFRESH_TIMEOUT).await {
                Err(error) if error.may_have_succeeded() => sleep(REFRESH_PAUSE).await,
                outcome => return outcome,
            }
        }
        self.session(paths::REFRESH, &body, REFRESH_TIMEOUT).await
    }

    /// Ends the session of this session token, which may have expired. A session that is over
    /// already is no error.
    pub(crate) async fn log_out(&self, token: &BearerToken) -> Result<(), AuthorityError> {
        let request = self.http.post(self.url.at(paths::LOG_OUT)).timeout(LOG_OUT_TIMEOUT);
        succeeded(request.bearer_auth(token.expose()), StatusCode::NO_CONTENT).await?;
        Ok(())
    }

    async fn session(
        &self,
        path: &str,
        body: &impl Serialize,
        timeout: Duration,
    ) -> Result<Session, AuthorityError> {
        let body = serde_json::to_vec(body).map_err(|_| AuthorityError::InvalidAnswer)?;
        let request = self.http.post(self.url.at(path)).timeout(timeout);
        let request = request.header(CONTENT_TYPE, "application/json").body(body);
        self.session_by(request).await
    }

    /// The session in the answer to a request.
    pub(super) async fn session_by(
        &self,
        request: RequestBuilder,
    ) -> Result<Session, AuthorityError> {
        let asked_at: DateTime<Utc> = self.clock.now();
        let answer = succeeded(request, StatusCode::OK).await?;
        let body = read_body(answer).await?;
        session_from_answer(&body, asked_at).ok_or(AuthorityError::InvalidAnswer)
    }
}

/// `None` when there are none.
fn trusted_cas(ca: Option<&str>) -> Option<TrustedCas> {
    match ca {
        Some(pem) => TrustedCas::from_pem(pem.as_bytes()).ok(),
        None => TrustedCas::of_system(),
    }
}

/// The answer to a request, if it has the expected status.
pub(super) async fn succeeded(
    request: RequestBuilder,
    expected: StatusCode,
) -> Result<Response, AuthorityError> {
    let answer = request.send().await.map_err(no_answer)?;
    if answer.status() == expected {
        Ok(answer)
    } else {
        Err(AuthorityError::Refused(refused_answer(answer).await?))
    }
}

async fn refused_answer(answer: Response) -> Result<RefusedAnswer, AuthorityError> {
    #[derive(Deserialize)]
    struct ProblemCode {
        /// OAuth has another name for it.
        #[serde(alias = "error")]
        code: String,
    }
    let status = answer.status();
    let retry_after = answer.headers().get(RETRY_AFTER);
    let retry_after = retry_after.and_then(|value| value.to_str().ok()?.parse().ok());
    let problem = serde_json::from_slice::<ProblemCode>(&read_body(answer).await?).ok();
    // The text is shown on a terminal.
    let is_code =
        |code: &String| code.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_');
    let code = problem.map(|problem| problem.code).filter(is_code);
    Ok(RefusedAnswer { status, code, retry_after })
}

/// The body of an answer.
pub(super) async fn read_body(mut answer: Response) -> Result<Zeroizing<Vec<u8>>, AuthorityError> {
    let mut body = Zeroizing::new(Vec::with_capacity(MAX_ANSWER_BYTES));
    while let Some(chunk) = answer.chunk().await.map_err(no_answer)? {
        if body.len() + chunk.len() > MAX_ANSWER_BYTES {
            return Err(AuthorityError::InvalidAnswer);
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body)
}

fn no_answer(error: reqwest::Error) -> AuthorityError {
    AuthorityError::NoAnswer(ConnectionError(error))
}
