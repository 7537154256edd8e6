//! The use cases: log in, validate, refresh, log out. They know no HTTP.

use std::{sync::Arc, time::Duration};

use chrono::{DateTime, SubsecRound, Utc};
use service_runtime::{
    clock::{Clock, id_at},
    metrics::Metrics,
};
use shared_types::{AskedPermission, BearerToken, TokenKind};
use tokio::time::Instant;
use uuid::Uuid;

use crate::{
    audit::{AuditLog, Event, Kind, Source},
    keys::LiveKeys,
    login_guard::{LoginGuard, NotAuthenticated, Typed},
    outcomes::{LoginOutcome, Outcomes, RefreshOutcome, ValidationOutcome},
    sessions::{
        Client, EndedSession, LiveSession, LiveSessions, NewSession, Principal, Refreshed, Renewal,
        Renewed, SessionDetails,
    },
    store::{BeginSessionError, Store, StoreError, TooManySessions, Unavailable},
    tokens::{Nonce, PlainToken, TokenHash},
    users::{Account, HashError, PATIENCE, PasswordHash, User, Username},
};

/// How long what a log-in gives is valid.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Lifetimes {
    /// Of a session token, from its making.
    pub(crate) token: Duration,
    /// Of a refresh token, from its making.
    pub(crate) refresh: Duration,
    /// Of the session, from log-in. Nothing outlives it.
    pub(crate) session: Duration,
}

/// Says who somebody is.
#[derive(Debug)]
pub(crate) struct SessionAuthority {
    clock: Arc<dyn Clock>,
    lifetimes: Lifetimes,
    store: Store,
    guard: Arc<LoginGuard>,
    live: Arc<LiveSessions>,
    keys: Arc<LiveKeys>,
    audit: AuditLog,
    outcomes: Outcomes,
}

/// Whoever holds a valid token, of a session or a key.
#[derive(Debug)]
pub(crate) struct Holder {
    /// Who it is and what is allowed, now.
    pub(crate) account: Arc<Account>,
    /// The session the token stands for; `None` for a key.
    pub(crate) session_id: Option<Uuid>,
    /// When the token was made.
    pub(crate) issued_at: DateTime<Utc>,
    /// From this instant on it is invalid. A key without an end may be asked about again then.
    pub(crate) expires_at: DateTime<Utc>,
}

impl Holder {
    /// Something that the holder did now.
    pub(crate) fn event(&self, kind: Kind, now: DateTime<Utc>, from: Source<'_>) -> Event {
        let event = Event::new(kind, now).at(from).by(&self.account);
        self.session_id.map_or(event.clone(), |id| event.in_session(id))
    }
}

impl From<Principal> for Holder {
    fn from(principal: Principal) -> Self {
        Self {
            account: principal.account,
            session_id: Some(principal.session.id),
            issued_at: principal.issued_at,
            expires_at: principal.expires_at,
        }
    }
}

/// What a log-in or a refresh gives. The tokens are not kept anywhere.
#[derive(Debug)]
pub(crate) struct LoggedIn {
    /// Stands for the session.
    pub(crate) token: PlainToken,
    /// When it was made.
    pub(crate) issued_at: DateTime<Utc>,
    /// From this instant on it is invalid.
    pub(crate) expires_at: DateTime<Utc>,
    /// Renews the session, once.
    pub(crate) refresh_token: PlainToken,
    /// From this instant on it is invalid.
    pub(crate) refresh_expires_at: DateTime<Utc>,
    /// The session.
    pub(crate) session_id: Uuid,
    /// Whose it is.
    pub(crate) account: Account,
}

impl SessionAuthority {
    /// An authority over these users, sessions and keys.
    pub(crate) fn new(
        clock: Arc<dyn Clock>,
        lifetimes: Lifetimes,
        store: Store,
        guard: Arc<LoginGuard>,
        audit: AuditLog,
        metrics: &Metrics,
    ) -> Self {
        let (live, keys) = (store.live_sessions().clone(), store.live_keys().clone());
        let outcomes = Outcomes::new(metrics);
        Self { clock, lifetimes, store, guard, live, keys, audit, outcomes }
    }

    /// Begins a session for whoever knows the password.
    ///
    /// # Errors
    /// [`LoginError::InvalidCredentials`] after the same work, whether the name is none, nobody's
    /// or a disabled user's, or the password is wrong.
    pub(crate) async fn login(
        &self,
        typed: Typed<'_>,
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

    /// Whoever holds a valid token, if the user may do what is asked.
    ///
    /// # Errors
    /// When it stands for none, or the user may not do that.
    pub(crate) fn validate(
        &self,
        token: &BearerToken,
        asked: Option<&AskedPermission>,
        from: Source<'_>,
    ) -> Result<Holder, Refusal> {
        let result = self.try_validate(token, asked, from);
        self.outcomes.count_validation(validation_outcome(&result));
        result
    }

    /// Validates a token once more within its request, which counts as one validation.
    ///
    /// # Errors
    /// As [`SessionAuthority::validate`].
    pub(crate) fn validate_again(
        &self,
        token: &BearerToken,
        asked: &AskedPermission,
        from: Source<'_>,
    ) -> Result<Holder, Refusal> {
        self.try_validate(token, Some(asked), from)
    }

    /// Whoever holds a valid token of a session.
    ///
    /// # Errors
    /// [`Refusal::InvalidToken`] when the token is not valid, [`Refusal::SessionRequired`] when it
    /// is a valid key.
    pub(crate) fn principal(&self, token: &BearerToken) -> Result<Principal, Refusal> {
        // Prefix and checksum first: what is no token of ours costs no look-up.
        match token.kind() {
            Some(TokenKind::Session) => self.session_holder(token),
            Some(TokenKind::ApiKey) => self.key_holder(token).and(Err(Refusal::SessionRequired)),
            _ => Err(Refusal::InvalidToken),
        }
    }

    /// Whoever holds a valid token of any kind.
    fn holder(&self, token: &BearerToken) -> Result<Holder, Refusal> {
        match token.kind() {
            Some(TokenKind::Session) => self.session_holder(token).map(Holder::from),
            Some(TokenKind::ApiKey) => self.key_holder(token),
            _ => Err(Refusal::InvalidToken),
        }
    }

    fn session_holder(&self, token: &BearerToken) -> Result<Principal, Refusal> {
        let found = self.live.find(&TokenHash::of(token.expose()), self.clock.now());
        found.ok_or(Refusal::InvalidToken)
    }

    /// A key without an end is vouched for as long as a session token would be.
    fn key_holder(&self, token: &BearerToken) -> Result<Holder, Refusal> {
        let now = self.clock.now();
        let key = self.keys.find(&TokenHash::of(token.expose()), now);
        let key = key.ok_or(Refusal::InvalidToken)?;
        Ok(Holder {
            session_id: None,
            issued_at: key.account.created_at,
            expires_at: key.expires_at.unwrap_or(self.now() + self.lifetimes.token),
            account: key.account,
        })
    }

    /// Renews the session of a refresh token. For a while the same token gets the same answer;
    /// afterwards it ends the session.
    ///
    /// # Errors
    /// When the token is not valid or not any more, another one of the session was used a moment
    /// ago, or it cannot be written. Only [`RefreshError::Reused`] has changed anything.
    pub(crate) async fn refresh(
        &self,
        token: &BearerToken,
        from: Source<'_>,
    ) -> Result<LoggedIn, RefreshError> {
        let result = self.try_refresh(token).await;
        self.outcomes.count_refresh(refresh_outcome(&result));
        if let Some(event) = refresh_event(&result, self.clock.now()) {
            self.audit.record(event.at(from));
        }
        result
    }

    /// The session that a refresh token would renew now, if there is one. The token is not spent.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub(crate) async fn session_renewed_by(
        &self,
        token: &BearerToken,
    ) -> Result<Option<Uuid>, StoreError> {
        if token.kind() != Some(TokenKind::Refresh) {
            return Ok(None);
        }
        self.store.session_renewed_by(&TokenHash::of(token.expose()), self.now()).await
    }

    /// Ends the session of a token, if there is one: from here on its tokens are invalid. Any
    /// token of the session does: a session token that has expired, or a refresh token.
    ///
    /// # Errors
    /// When it is not known to be written. The tokens are invalid all the same.
    pub(crate) async fn logout(
        &self,
        token: &BearerToken,
        from: Source<'_>,
    ) -> Result<(), Unavailable> {
        if !matches!(token.kind(), Some(TokenKind::Session | TokenKind::Refresh)) {
            return Ok(());
        }
        let (hash, now) = (TokenHash::of(token.expose()), self.clock.now());
        let event = Event::new(Kind::Logout, now).at(from);
        if let Some(session) = self.live.session_of(&hash) {
            if let Some(account) = session.account_at(now) {
                self.audit.record(event.by(&account).in_session(session.id));
            }
            return self.store.end_live_session(&hash, &session).await;
        }
        if let Some(named) = self.store.session_named_by(&hash).await? {
            let event = event.of(named.user_id, &named.username);
            self.audit.record(event.in_session(named.id));
            self.store.end_named_session(&named).await?;
        }
        Ok(())
    }

    /// Notes that a request was refused because a foreign page may have had a browser send it: one
    /// of `origin`, if that is known, while `expected` is our own.
    pub(crate) fn foreign_request(&self, origin: Option<&str>, expected: &str, from: Source<'_>) {
        let event = Event::new(Kind::CsrfBlocked, self.clock.now()).at(from);
        self.audit.record(event.sent_by_page_of(origin, expected));
    }

    /// The sessions of the user, the newest first.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub(crate) async fn sessions(
        &self,
        own: &LiveSession,
    ) -> Result<Vec<SessionDetails>, Unavailable> {
        self.store.own_sessions(own, self.clock.now()).await
    }

    /// What is known of the session itself. `None` if it has just ended.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub(crate) async fn session_details(
        &self,
        own: &LiveSession,
    ) -> Result<Option<SessionDetails>, Unavailable> {
        self.store.session_details(own).await
    }

    /// Ends a session of the user, and tells whether the user has one of this id.
    ///
    /// # Errors
    /// When it is not known to be written.
    pub(crate) async fn end_session(
        &self,
        own: &Principal,
        id: Uuid,
        from: Source<'_>,
    ) -> Result<bool, Unavailable> {
        let ended = self.store.end_own_session(&own.session, id).await?;
        if ended {
            let event = self.event(Kind::Logout, &Holder::from(own.clone()), from);
            self.audit.record(event.on(&id.to_string()));
        }
        Ok(ended)
    }

    /// Ends all sessions of the user but this one.
    ///
    /// # Errors
    /// When it is not known to be written.
    pub(crate) async fn end_other_sessions(
        &self,
        own: &Principal,
        from: Source<'_>,
    ) -> Result<(), Unavailable> {
        let ended = self.store.end_other_sessions(&own.session).await;
        // What is not known to be written is in force all the same.
        if !matches!(ended, Ok(0)) {
            let event = self.event(Kind::Logout, &Holder::from(own.clone()), from);
            self.audit.record(event.because("others"));
        }
        ended.map(|_| ())
    }

    fn try_validate(
        &self,
        token: &BearerToken,
        asked: Option<&AskedPermission>,
        from: Source<'_>,
    ) -> Result<Holder, Refusal> {
        let holder = self.holder(token)?;
        match asked {
            Some(asked) if !holder.account.may(asked) => {
                let event = self.event(Kind::PermissionDenied, &holder, from);
                self.audit.record(event.asking(asked));
                Err(Refusal::Denied(asked.clone()))
            }
            _ => Ok(holder),
        }
    }

    fn event(&self, kind: Kind, holder: &Holder, from: Source<'_>) -> Event {
        holder.event(kind, self.clock.now(), from)
    }

    async fn try_login(
        &self,
        typed: Typed<'_>,
        client: Client,
        source: Source<'_>,
    ) -> Result<LoggedIn, LoginError> {
        self.guard.check_room(source)?;
        // The time to find out who it may be is part of it.
        let deadline = Instant::now() + PATIENCE;
        let candidate = self.find_candidate(typed.name).await?;
        let authenticated = self.guard.authenticate(candidate, typed, source, deadline).await?;
        if let Some(new) = authenticated.new_hash {
            self.renew_hash(&authenticated.user, new).await;
        }
        self.begin_session(authenticated.user, client, source).await
    }

    /// Who might be logging in: a user of this name, who may be disabled.
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
            Ok(()) => tracing::info!(%user_id, "hashed the password with the present parameters"),
            Err(error) => tracing::warn!(%user_id, %error, "cannot store a new password hash"),
        }
    }

    /// Begins a session for a user whose password was right.
    pub(crate) async fn begin_session(
        &self,
        user: User,
        client: Client,
        from: Source<'_>,
    ) -> Result<LoggedIn, LoginError> {
        let now = self.now();
        let ends_at = now + self.lifetimes.session;
        let session_id = id_at(now);
        let token = PlainToken::generate(TokenKind::Session)?;
        let refresh_token = PlainToken::generate(TokenKind::Refresh)?;
        let token_expires_at = ends_at.min(now + self.lifetimes.token);
        let refresh_expires_at = ends_at.min(now + self.lifetimes.refresh);
        let session = NewSession {
            id: session_id,
            user: user.number,
            epoch: user.epoch,
            password_hash: user.password_hash.clone(),
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

    async fn try_refresh(&self, token: &BearerToken) -> Result<LoggedIn, RefreshError> {
        if token.kind() != Some(TokenKind::Refresh) {
            return Err(RefreshError::InvalidToken);
        }
        let now = self.now();
        let nonce = Nonce::generate()?;
        let renewal = Renewal {
            presented: TokenHash::of(token.expose()),
            nonce,
            token: PlainToken::following(token, &nonce, TokenKind::Session).hash(),
            refresh_token: PlainToken::following(token, &nonce, TokenKind::Refresh).hash(),
            now,
            token_expires_at: now + self.lifetimes.token,
            refresh_expires_at: now + self.lifetimes.refresh,
        };
        match self.store.refresh_session(renewal).await? {
            Refreshed::Renewed(renewed) => Ok(following(token, &renewed, now)),
            Refreshed::Reused(ended) => {
                tracing::warn!(session_id = %ended.session_id, "ended a session: its refresh token was shown again");
                Err(RefreshError::Reused(ended))
            }
            Refreshed::TooSoon(wait) => {
                Err(RefreshError::TooSoon(wait.to_std().unwrap_or_default()))
            }
            Refreshed::Invalid => Err(RefreshError::InvalidToken),
        }
    }

    /// To the millisecond: that is what answers show, and nothing is decided by more.
    fn now(&self) -> DateTime<Utc> {
        self.clock.now().trunc_subsecs(3)
    }
}

/// What follows a refresh token. The nonce may be one that was drawn before.
fn following(token: &BearerToken, renewed: &Renewed, now: DateTime<Utc>) -> LoggedIn {
    LoggedIn {
        token: PlainToken::following(token, &renewed.nonce, TokenKind::Session),
        issued_at: renewed.issued_at,
        expires_at: renewed.token_expires_at,
        refresh_token: PlainToken::following(token, &renewed.nonce, TokenKind::Refresh),
        refresh_expires_at: renewed.refresh_expires_at,
        session_id: renewed.session_id,
        account: renewed.user.account.at(now),
    }
}

/// Why nobody was logged in.
#[derive(Debug, thiserror::Error)]
pub(crate) enum LoginError {
    /// No enabled user has this name and this password.
    #[error("no enabled user has this name and password")]
    InvalidCredentials,
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
    #[error("the operating system gives no random bytes: {0}")]
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

/// Why a session was not renewed.
#[derive(Debug, thiserror::Error)]
pub(crate) enum RefreshError {
    /// It was never issued, or it or its session is over.
    #[error("the refresh token is unknown, expired or revoked")]
    InvalidToken,
    /// It was spent before: somebody has stolen it, or its successor. This session has ended.
    #[error("the refresh token of session {} was used before", .0.session_id)]
    Reused(Box<EndedSession>),
    /// The session was renewed a moment ago. It can be tried again after this.
    #[error("the session was renewed a moment ago")]
    TooSoon(Duration),
    /// It cannot be told or not be written.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// There is no randomness for a token.
    #[error("the operating system gives no random bytes: {0}")]
    Random(#[from] getrandom::Error),
}

/// Why a token does not do.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Refusal {
    /// It is unknown, expired or revoked, or not of a kind that is shown.
    #[error("the token is unknown, expired or revoked")]
    InvalidToken,
    /// It is a valid key, which has no session to speak of.
    #[error("an API key has no session")]
    SessionRequired,
    /// It is valid, and its user may not do that.
    #[error("the permission {0} is missing")]
    Denied(AskedPermission),
}

fn login_outcome(result: &Result<LoggedIn, LoginError>) -> LoginOutcome {
    match result {
        Ok(_) => LoginOutcome::LoggedIn,
        Err(LoginError::InvalidCredentials) => LoginOutcome::InvalidCredentials,
        Err(LoginError::TooManyAttempts { .. }) => LoginOutcome::Throttled,
        Err(LoginError::Hash(HashError::Busy)) => LoginOutcome::Busy,
        Err(LoginError::TooManySessions(_)) => LoginOutcome::TooManySessions,
        Err(LoginError::Hash(_) | LoginError::Store(_) | LoginError::Random(_)) => {
            LoginOutcome::Failed
        }
    }
}

/// What the guard did not see.
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

fn refresh_event(result: &Result<LoggedIn, RefreshError>, now: DateTime<Utc>) -> Option<Event> {
    match result {
        Ok(renewed) => {
            let event = Event::new(Kind::RefreshOk, now);
            Some(event.by(&renewed.account).in_session(renewed.session_id))
        }
        Err(RefreshError::Reused(ended)) => {
            let event = Event::new(Kind::RefreshReused, now);
            Some(event.by(&ended.account).in_session(ended.session_id))
        }
        Err(RefreshError::Store(_)) => Some(Event::new(Kind::StoreUnavailable, now)),
        Err(_) => None,
    }
}

fn refresh_outcome(result: &Result<LoggedIn, RefreshError>) -> RefreshOutcome {
    match result {
        Ok(_) => RefreshOutcome::Renewed,
        Err(RefreshError::InvalidToken) => RefreshOutcome::Invalid,
        Err(RefreshError::Reused(_)) => RefreshOutcome::Reused,
        Err(RefreshError::TooSoon(_)) => RefreshOutcome::TooSoon,
        Err(RefreshError::Store(_) | RefreshError::Random(_)) => RefreshOutcome::Failed,
    }
}

fn validation_outcome(result: &Result<Holder, Refusal>) -> ValidationOutcome {
    match result {
        Ok(_) => ValidationOutcome::Valid,
        Err(Refusal::InvalidToken | Refusal::SessionRequired) => ValidationOutcome::Invalid,
        Err(Refusal::Denied(_)) => ValidationOutcome::Denied,
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;
    use crate::{
        store::Location,
        test_service::{HERE, LIFETIMES, LIMITS, PASSWORD, TOKEN_TTL, TestService},
    };

    /// The hash of [`PASSWORD`] with parameters of old: `-t 1 -k 64`.
    const OUTDATED: &str = "$argon2id$v=19$m=64,t=1,p=1$c29tZXNhbHRzb21lc2FsdA$\
                            wZeUqErRQM9fr7+3IJVQyFsb5QPhYeqkXwNGZgBH/L4";

    impl SessionAuthority {
        /// How many passwords have been compared.
        pub(crate) fn comparisons(&self) -> u64 {
            self.guard.comparisons()
        }
    }

    fn client() -> Client {
        Client::new([127, 0, 0, 1].into(), None)
    }

    async fn log_in(
        service: &TestService,
        name: &str,
        password: &str,
    ) -> Result<LoggedIn, LoginError> {
        service.authority.login(Typed { name, password }, client(), "r").await
    }

    fn token_of(logged_in: &LoggedIn) -> BearerToken {
        BearerToken::parse(logged_in.token.expose().as_bytes()).unwrap()
    }

    async fn user(service: &TestService, name: &str) -> User {
        service.store.find_user(&name.parse().unwrap()).await.unwrap().unwrap()
    }

    #[tokio::test]
    async fn every_refusal_costs_as_much_as_a_log_in() {
        let service = TestService::start().await;
        for name in ["alice", "mallory"] {
            service.add_user(name, &[]).await;
        }
        service.execute("UPDATE users SET disabled = 1 WHERE username = 'mallory'").await;
        let too_long = "x".repeat(1025);
        let cases = [
            ("alice", PASSWORD, true),
            ("alice", "another password", false),
            ("alice", "", false),
            ("alice", &too_long, false),
            ("mallory", PASSWORD, false),
            ("nobody", PASSWORD, false),
            ("nobody", &too_long, false),
            ("no name at all", PASSWORD, false),
            ("", "", false),
        ];
        for (name, password, expected) in cases {
            let before = service.comparisons();
            let result = log_in(&service, name, password).await;
            let cost = service.comparisons() - before;
            assert_eq!(cost, 1, "{name} {password}");
            match result {
                Ok(_) => assert!(expected, "{name} {password}"),
                Err(LoginError::InvalidCredentials) => assert!(!expected, "{name} {password}"),
                Err(error) => panic!("{name} {password}: {error}"),
            }
        }
    }

    #[tokio::test]
    async fn the_password_is_the_same_from_every_keyboard() {
        let service = TestService::start().await;
        service.add_user("alice", &[]).await;
        let wide = "ｃorrect horse battery";
        log_in(&service, "alice", wide).await.unwrap();
    }

    #[tokio::test]
    async fn an_outdated_hash_is_replaced_at_log_in() {
        let service = TestService::start().await;
        let outdated = PasswordHash::stored(OUTDATED.to_owned());
        service.add_user_with_hash("alice", outdated.clone(), &[]).await;
        let hash = async || {
            let user = service.store.find_user(&"alice".parse().unwrap()).await.unwrap();
            user.unwrap().password_hash
        };

        let wrong = log_in(&service, "alice", "another").await;
        assert!(matches!(wrong, Err(LoginError::InvalidCredentials)));
        assert!(hash().await == outdated);

        log_in(&service, "alice", PASSWORD).await.unwrap();
        let renewed = hash().await;
        assert!(renewed != outdated);
        log_in(&service, "alice", PASSWORD).await.unwrap();
        assert!(hash().await == renewed);
    }

    #[tokio::test]
    async fn a_token_is_valid_until_the_very_instant_it_expires() {
        let service = TestService::start().await;
        service.add_user("alice", &[]).await;
        let logged_in = log_in(&service, "alice", PASSWORD).await.unwrap();
        let token = token_of(&logged_in);

        service.clock.advance(TOKEN_TTL - Duration::from_nanos(1));
        service.authority.validate(&token, None, HERE).unwrap();
        service.clock.advance(Duration::from_nanos(1));
        let refusal = service.authority.validate(&token, None, HERE).unwrap_err();
        assert_eq!(refusal, Refusal::InvalidToken);
    }

    #[tokio::test]
    async fn using_a_token_does_not_prolong_it() {
        let service = TestService::start().await;
        service.add_user("alice", &[]).await;
        let logged_in = log_in(&service, "alice", PASSWORD).await.unwrap();
        let token = token_of(&logged_in);
        for _ in 0..29 {
            service.clock.advance(Duration::from_secs(60));
            let principal = service.authority.principal(&token).unwrap();
            assert_eq!(principal.session.last_seen(), service.clock.now());
        }
        service.clock.advance(Duration::from_secs(60));
        service.authority.validate(&token, None, HERE).unwrap_err();
    }

    #[tokio::test]
    async fn no_token_outlives_its_session() {
        let short = Lifetimes { session: Duration::from_secs(60), ..LIFETIMES };
        let service = TestService::with(short, LIMITS, &Location::Memory).await;
        service.add_user("alice", &[]).await;
        let logged_in = log_in(&service, "alice", PASSWORD).await.unwrap();
        let end = service.clock.now() + short.session;
        assert_eq!(logged_in.expires_at, end);
        assert_eq!(logged_in.refresh_expires_at, end);
    }

    #[tokio::test]
    async fn a_refresh_token_is_no_bearer() {
        let service = TestService::start().await;
        service.add_user("alice", &[]).await;
        let logged_in = log_in(&service, "alice", PASSWORD).await.unwrap();
        let refresh = BearerToken::parse(logged_in.refresh_token.expose().as_bytes()).unwrap();
        let refusal = service.authority.validate(&refresh, None, HERE).unwrap_err();
        assert_eq!(refusal, Refusal::InvalidToken);
        service.authority.validate(&token_of(&logged_in), None, HERE).unwrap();
    }

    #[tokio::test]
    async fn permissions_decide() {
        let service = TestService::start().await;
        service.add_user("alice", &["logs:read:shop/*"]).await;
        let logged_in = log_in(&service, "alice", PASSWORD).await.unwrap();
        let token = token_of(&logged_in);
        let may = AskedPermission::on("logs:read", "shop", "web");
        let may_not = AskedPermission::on("logs:read", "bank", "web");
        service.authority.validate(&token, Some(&may), HERE).unwrap();
        assert_eq!(
            service.authority.validate(&token, Some(&may_not), HERE).unwrap_err(),
            Refusal::Denied(may_not)
        );
    }

    /// Many log in and out at the same time. Whatever the order, a token is valid from its log-in
    /// to its log-out, and at the end nothing is left.
    #[tokio::test(flavor = "multi_thread", worker_threads = 4)]
    async fn a_revoked_token_is_never_valid_again() {
        let service = TestService::start().await;
        service.add_user("alice", &[]).await;
        service.add_user("bob", &[]).await;
        let mut tasks = Vec::new();
        for task in 0..16 {
            let authority = service.authority.clone();
            let store = service.store.clone();
            tasks.push(tokio::spawn(async move {
                // Eight tasks a user, a session each at a time: below what a user may have.
                let name = if task % 2 == 0 { "alice" } else { "bob" };
                let mut revoked = Vec::new();
                for _ in 0..50 {
                    let user = store.find_user(&name.parse().unwrap()).await.unwrap().unwrap();
                    let logged_in = authority.begin_session(user, client(), HERE).await.unwrap();
                    let token = token_of(&logged_in);
                    authority.validate(&token, None, HERE).unwrap();
                    authority.logout(&token, HERE).await.unwrap();
                    authority.validate(&token, None, HERE).unwrap_err();
                    revoked.push(token);
                }
                revoked
            }));
        }
        let mut distinct = HashSet::new();
        for task in tasks {
            for token in task.await.unwrap() {
                service.authority.validate(&token, None, HERE).unwrap_err();
                distinct.insert(token.expose().to_owned());
            }
        }
        assert_eq!(distinct.len(), 16 * 50);
        assert_eq!(service.live.counts(), (0, 0));
    }

    #[tokio::test]
    async fn a_user_with_too_many_sessions_loses_the_least_recently_used() {
        let two = crate::sessions::SessionLimits { per_user: 2, ..LIMITS };
        let service = TestService::with(LIFETIMES, two, &Location::Memory).await;
        service.add_user("alice", &[]).await;
        let begin = async || {
            service.clock.advance(Duration::from_secs(10));
            let alice = user(&service, "alice").await;
            token_of(&service.authority.begin_session(alice, client(), HERE).await.unwrap())
        };
        let (first, second) = (begin().await, begin().await);
        service.clock.advance(Duration::from_secs(10));
        service.authority.validate(&first, None, HERE).unwrap();
        let third = begin().await;
        service.authority.validate(&second, None, HERE).unwrap_err();
        service.authority.validate(&first, None, HERE).unwrap();
        service.authority.validate(&third, None, HERE).unwrap();
    }
}
