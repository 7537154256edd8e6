//! Log-in.

use std::time::Duration;

use chrono::{DateTime, Utc};
use service_runtime::clock::id_at;
use shared_types::TokenKind;
use tokio::time::Instant;

use super::logged_in::LoggedIn;
use crate::{
    audit::{Event, Kind, Source},
    authority::{counters::LoginOutcome, service::SessionAuthority},
    login_guard::{NotAuthenticated, TypedCredentials},
    sessions::{Client, NewSession},
    store::{BeginSessionError, StoreError, TooManySessions},
    tokens::PlainToken,
    users::{HashError, PATIENCE, PasswordHash, User, Username},
};

/// A user whom the provider has authenticated.
#[derive(Debug)]
pub(crate) struct UpstreamUser {
    pub(crate) user: User,
    /// When the user logged in there, if that was before now.
    pub(crate) logged_in_at: Option<DateTime<Utc>>,
}

impl SessionAuthority {
    /// Begins a session for a user who knows the password.
    ///
    /// # Errors
    /// [`LoginError::InvalidCredentials`] after the same work, whether the name is invalid, unknown
    /// or a disabled user's, or the password is wrong.
    pub(crate) async fn login(
        &self,
        typed: TypedCredentials<'_>,
        client: Client,
        request_id: &str,
    ) -> Result<LoggedIn, LoginError> {
        let source = Source { ip: client.ip, request_id };
        let result = self.try_login(typed, client, source).await;
        self.outcomes.count_login(login_outcome(&result));
        if let Some(event) = login_event(&result, self.clock.now()) {
            self.audit.record(event.at(source));
        }
        result
    }

    async fn try_login(
        &self,
        typed: TypedCredentials<'_>,
        client: Client,
        source: Source<'_>,
    ) -> Result<LoggedIn, LoginError> {
        self.guard.check_room(source)?;
        // The time to look the user up is part of it.
        let deadline = Instant::now() + PATIENCE;
        let candidate = self.find_candidate(typed.name).await?;
        let authenticated = self.guard.authenticate(candidate, typed, source, deadline).await?;
        if let Some(new) = authenticated.new_hash {
            self.renew_hash(&authenticated.user, new).await;
        }
        if self.must_verify && authenticated.user.must_verify {
            let event = Event::new(Kind::LoginFailed, self.clock.now()).at(source);
            let event = event.by(&authenticated.user.account).because("email_unverified");
            self.audit.record(event);
            return Err(LoginError::EmailUnverified);
        }
        self.begin_session(authenticated.user, client, source).await
    }

    /// The user of this name, who may be disabled.
    async fn find_candidate(&self, name: &str) -> Result<Option<User>, StoreError> {
        match name.parse::<Username>() {
            Ok(username) => self.store.find_user(&username).await,
            Err(_) => Ok(None),
        }
    }

    /// The password was right whether or not its new hash can be stored; the next log-in tries
    /// again.
    async fn renew_hash(&self, user: &User, new: PasswordHash) {
        let user_id = user.account.user_id;
        let stored = self.store.renew_password_hash(user.number, user.password_hash.clone(), new);
        match stored.await {
            Ok(()) => tracing::info!(%user_id, "hashed the password with the current parameters"),
            Err(error) => tracing::warn!(%user_id, %error, "cannot store a new password hash"),
        }
    }

    /// Begins a session for a user whom the provider has authenticated.
    ///
    /// # Errors
    /// When the user was disabled meanwhile, there is no room for another session, or the database
    /// cannot be written.
    pub(crate) async fn log_in_upstream(
        &self,
        authenticated: UpstreamUser,
        client: Client,
        request_id: &str,
    ) -> Result<LoggedIn, LoginError> {
        let source = Source { ip: client.ip, request_id };
        let UpstreamUser { user, logged_in_at } = authenticated;
        let result = self.begin_session_of(user, logged_in_at, client, source).await;
        self.outcomes.count_login(login_outcome(&result));
        if let Some(event) = login_event(&result, self.clock.now()) {
            self.audit.record(event.at(source).because("upstream"));
        }
        result
    }

    /// Begins a session for a user whose password was right.
    pub(crate) async fn begin_session(
        &self,
        user: User,
        client: Client,
        from: Source<'_>,
    ) -> Result<LoggedIn, LoginError> {
        self.begin_session_of(user, None, client, from).await
    }

    /// Begins a session for a user who logged in at this instant; `None`: now.
    async fn begin_session_of(
        &self,
        user: User,
        logged_in_at: Option<DateTime<Utc>>,
        client: Client,
        from: Source<'_>,
    ) -> Result<LoggedIn, LoginError> {
        let now = self.now();
        let ends_at = now + self.lifetimes.session;
        let session_id = id_at(logged_in_at.unwrap_or(now));
        let token = PlainToken::generate(TokenKind::Session)?;
        let refresh_token = PlainToken::generate(TokenKind::Refresh)?;
        let token_expires_at = ends_at.min(now + self.lifetimes.token);
        let refresh_expires_at = ends_at.min(now + self.lifetimes.refresh);
        let session = NewSession {
            id: session_id,
            user: user.number,
            epoch: user.epoch,
            password_hash: Some(user.password_hash.clone()),
            vouched_by: None,
            client,
            token: token.hash(),
            refresh_token: refresh_token.hash(),
            now,
            token_expires_at,
            refresh_expires_at,
            ends_at,
        };
        for evicted in self.store.begin_session(session).await? {
            let event = Event::new(Kind::SessionEvicted, now).by(&user.account).at(from);
            self.audit.record(event.in_session(evicted));
        }
        Ok(LoggedIn {
            token,
            issued_at: now,
            expires_at: token_expires_at,
            refresh_token,
            refresh_expires_at,
            session_id,
            account: user.account.at(now),
        })
    }
}

/// A log-in was refused, or failed.
#[derive(Debug, thiserror::Error)]
pub(crate) enum LoginError {
    /// No enabled user has this name and this password.
    #[error("no enabled user has this name and password")]
    InvalidCredentials,
    /// The password is right, and the user has to verify an e-mail address first.
    #[error("the e-mail address is not verified")]
    EmailUnverified,
    /// Too many attempts failed; this one was not made.
    #[error("too many attempts have failed")]
    TooManyAttempts {
        /// After this time another may be made.
        retry_after: Duration,
    },
    /// The password could not be compared.
    #[error(transparent)]
    Hash(#[from] HashError),
    /// The user could not be looked up.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// There is no room for another session.
    #[error(transparent)]
    TooManySessions(#[from] TooManySessions),
    /// There is no randomness for a token.
    #[error("cannot get random bytes from the operating system: {0}")]
    Random(#[from] getrandom::Error),
}

impl From<NotAuthenticated> for LoginError {
    fn from(refusal: NotAuthenticated) -> Self {
        match refusal {
            NotAuthenticated::Wrong(_) => Self::InvalidCredentials,
            NotAuthenticated::TooManyAttempts { retry_after } => {
                Self::TooManyAttempts { retry_after }
            }
            NotAuthenticated::Hash(error) => Self::Hash(error),
        }
    }
}

impl From<BeginSessionError> for LoginError {
    fn from(error: BeginSessionError) -> Self {
        match error {
            BeginSessionError::UserChanged => Self::InvalidCredentials,
            BeginSessionError::TooManySessions(error) => error.into(),
            BeginSessionError::Unavailable(error) => Self::Store(error.into()),
        }
    }
}

fn login_outcome(result: &Result<LoggedIn, LoginError>) -> LoginOutcome {
    match result {
        Ok(_) => LoginOutcome::LoggedIn,
        Err(LoginError::InvalidCredentials) => LoginOutcome::InvalidCredentials,
        Err(LoginError::EmailUnverified) => LoginOutcome::EmailUnverified,
        Err(LoginError::TooManyAttempts { .. }) => LoginOutcome::Throttled,
        Err(LoginError::Hash(HashError::Busy)) => LoginOutcome::Busy,
        Err(LoginError::TooManySessions(_)) => LoginOutcome::TooManySessions,
        Err(LoginError::Hash(_) | LoginError::Store(_) | LoginError::Random(_)) => {
            LoginOutcome::Failed
        }
    }
}

/// The event of a log-in, unless the guard has recorded it.
fn login_event(result: &Result<LoggedIn, LoginError>, now: DateTime<Utc>) -> Option<Event> {
    match result {
        Ok(begun) => {
            let event = Event::new(Kind::LoginOk, now);
            Some(event.by(&begun.account).in_session(begun.session_id))
        }
        Err(LoginError::Store(_)) => Some(Event::new(Kind::StoreUnavailable, now)),
        Err(LoginError::TooManySessions(_)) => {
            Some(Event::new(Kind::LoginFailed, now).because("too_many_sessions"))
        }
        Err(_) => None,
    }
}
