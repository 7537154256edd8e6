//! What people do with their own accounts: register, change the password. Knows no HTTP.

use std::{sync::Arc, time::Duration};

use chrono::SubsecRound;
use service_runtime::clock::Clock;
use tokio::time::Instant;
use uuid::Uuid;

use crate::{
    audit::{AuditLog, Event, Kind, Source},
    authority::Holder,
    login_guard::{LoginGuard, NotAuthenticated, NotHashed, Typed},
    sessions::Principal,
    store::{CreateUserError, PasswordChangeError, Recorded, Store, StoreError, Unavailable},
    users::{
        Email, HashError, NewUser, PATIENCE, Password, PasswordChange, PasswordFault,
        PasswordRules, Username,
    },
};

/// What everybody has who registered.
const ROLE: &str = "user";

/// Whether strangers may create accounts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Registration {
    Open,
    Closed,
}

/// The accounts, as their owners see them.
#[derive(Debug)]
pub(crate) struct Accounts {
    clock: Arc<dyn Clock>,
    store: Store,
    guard: Arc<LoginGuard>,
    registration: Registration,
    rules: PasswordRules,
    audit: AuditLog,
}

/// Somebody who wants an account.
#[derive(Debug)]
pub(crate) struct Newcomer {
    pub(crate) username: Username,
    pub(crate) password: Password,
    pub(crate) email: Option<Email>,
}

/// An account that there is now.
#[derive(Debug)]
pub(crate) struct Registered {
    pub(crate) id: Uuid,
    pub(crate) username: Username,
    pub(crate) email: Option<Email>,
}

impl Accounts {
    /// The accounts of these users.
    pub(crate) fn new(
        clock: Arc<dyn Clock>,
        store: Store,
        guard: Arc<LoginGuard>,
        registration: Registration,
        rules: PasswordRules,
        audit: AuditLog,
    ) -> Self {
        Self { clock, store, guard, registration, rules, audit }
    }

    /// # Errors
    /// [`RegisterError::Closed`] unless strangers may create accounts.
    pub(crate) fn check_open(&self) -> Result<(), RegisterError> {
        match self.registration {
            Registration::Open => Ok(()),
            Registration::Closed => Err(RegisterError::Closed),
        }
    }

    /// What a new password has to obey.
    pub(crate) fn password_rules(&self) -> PasswordRules {
        self.rules
    }

    /// Creates an account that may do nothing yet.
    ///
    /// # Errors
    /// When strangers may not, too many did from this network, the password is not good enough,
    /// name or address are taken, or it cannot be told.
    pub(crate) async fn register(
        &self,
        newcomer: Newcomer,
        from: Source<'_>,
    ) -> Result<Registered, RegisterError> {
        self.check_open()?;
        let Newcomer { username, password, email } = newcomer;
        self.rules.check(&password, &username)?;
        let user = NewUser {
            username: username.clone(),
            email: email.clone(),
            password_hash: self.guard.hash_for_registration(password, from).await?,
            roles: vec![ROLE.to_owned()],
            permissions: Vec::new(),
        };
        let now = self.clock.now().trunc_subsecs(3);
        let event = Event::new(Kind::Registered, now).at(from).on(username.as_str());
        let id = self.recorded(self.store.register_user(user, now, event).await?);
        Ok(Registered { id, username, email })
    }

    /// Gives whoever is logged in another password, and ends the other sessions: whoever knew the
    /// old one may have begun them. A log-in that found the old one right a moment ago does not
    /// become a session either.
    ///
    /// # Errors
    /// When the new password is not good enough, the present one is another, too many attempts
    /// failed, the session has ended, or it cannot be told.
    pub(crate) async fn change_password(
        &self,
        own: &Principal,
        current: &str,
        new: Password,
        from: Source<'_>,
    ) -> Result<(), OwnPasswordError> {
        let deadline = Instant::now() + PATIENCE;
        let number = own.session.user.number;
        let user = self.store.user(number).await?.ok_or(PasswordChangeError::SessionOver)?;
        let name = own.account.username.as_str();
        if let Ok(username) = name.parse() {
            self.rules.check(&new, &username)?;
        }
        let typed = Typed { name, password: current };
        let user = self.guard.authenticate(Some(user), typed, from, deadline).await?.user;
        let change = PasswordChange {
            user: user.number,
            epoch: user.epoch,
            session: own.session.number,
            password_hash: self.guard.hash(new, from).await?,
        };
        let event = Holder::from(own.clone()).event(Kind::PasswordChanged, self.clock.now(), from);
        self.recorded(self.store.change_password(change, event).await?);
        Ok(())
    }

    /// Writes the lines of a change that was made, and gives its result.
    fn recorded<T>(&self, recorded: Recorded<T>) -> T {
        recorded.events.into_iter().for_each(|event| self.audit.record_line(event));
        recorded.done
    }
}

/// Nobody was registered.
#[derive(Debug, thiserror::Error)]
pub(crate) enum RegisterError {
    /// Only administrators create accounts.
    #[error("registration is closed")]
    Closed,
    /// The password is not good enough.
    #[error(transparent)]
    Password(#[from] PasswordFault),
    /// Too many did before.
    #[error("too many registrations")]
    TooMany {
        /// After this time it can be tried again.
        retry_after: Duration,
    },
    /// The password could not be hashed.
    #[error(transparent)]
    Hash(#[from] HashError),
    /// Something is taken, or it cannot be written.
    #[error(transparent)]
    Create(#[from] CreateUserError),
}

impl From<NotHashed> for RegisterError {
    fn from(refusal: NotHashed) -> Self {
        match refusal {
            NotHashed::TooMany { retry_after } => Self::TooMany { retry_after },
            NotHashed::Hash(error) => Self::Hash(error),
        }
    }
}

/// A user's own password was not changed.
#[derive(Debug, thiserror::Error)]
pub(crate) enum OwnPasswordError {
    /// The new password is not good enough.
    #[error(transparent)]
    New(#[from] PasswordFault),
    /// The present one is another.
    #[error("it is not the user's password")]
    Wrong,
    /// Too many attempts failed; this one was not made.
    #[error("too many attempts have failed")]
    TooManyAttempts {
        /// After this time another may be made.
        retry_after: Duration,
    },
    /// The session has ended meanwhile.
    #[error("the session has ended")]
    SessionOver,
    /// A password could not be hashed.
    #[error(transparent)]
    Hash(#[from] HashError),
    /// It cannot be told, or not be written.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl From<NotAuthenticated> for OwnPasswordError {
    fn from(refusal: NotAuthenticated) -> Self {
        match refusal {
            NotAuthenticated::Wrong(_) => Self::Wrong,
            NotAuthenticated::TooManyAttempts { retry_after } => {
                Self::TooManyAttempts { retry_after }
            }
            NotAuthenticated::Hash(error) => Self::Hash(error),
        }
    }
}

impl From<PasswordChangeError> for OwnPasswordError {
    fn from(error: PasswordChangeError) -> Self {
        match error {
            PasswordChangeError::SessionOver => Self::SessionOver,
            PasswordChangeError::Outdated => Self::Wrong,
            PasswordChangeError::Unavailable(error) => Self::from(error),
        }
    }
}

impl From<Unavailable> for OwnPasswordError {
    fn from(error: Unavailable) -> Self {
        Self::Store(error.into())
    }
}
