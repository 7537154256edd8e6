//! Registration.

use std::time::Duration;

use chrono::SubsecRound;
use uuid::Uuid;

use super::service::{Accounts, Registration};
use crate::{
    audit::{Event, Kind, Source},
    login_guard::NotHashed,
    store::CreateUserError,
    users::{Email, HashError, NewUser, Password, PasswordFault, PasswordRules, Username},
};

/// The role of a user who registered.
const ROLE: &str = "user";

/// A client that wants an account.
#[derive(Debug)]
pub(crate) struct Newcomer {
    pub(crate) username: Username,
    pub(crate) password: Password,
    pub(crate) email: Option<Email>,
}

/// An account that was created.
#[derive(Debug)]
pub(crate) struct Registered {
    pub(crate) id: Uuid,
    pub(crate) username: Username,
    pub(crate) email: Option<Email>,
}

impl Accounts {
    /// Checks that everybody may create an account.
    ///
    /// # Errors
    /// [`RegisterError::Closed`] unless that is so.
    pub(crate) fn check_open(&self) -> Result<(), RegisterError> {
        match self.policy.registration {
            Registration::Open => Ok(()),
            Registration::Closed => Err(RegisterError::Closed),
        }
    }

    /// The rules that a new password must obey.
    pub(crate) fn password_rules(&self) -> PasswordRules {
        self.rules
    }

    /// Creates an account that may do nothing yet.
    ///
    /// # Errors
    /// When registration is closed, there were too many from this network, the password does not
    /// obey the rules, the name or the address is taken, or the database cannot be written.
    pub(crate) async fn register(
        &self,
        newcomer: Newcomer,
        from: Source<'_>,
    ) -> Result<Registered, RegisterError> {
        self.check_open()?;
        let Newcomer { username, password, email } = newcomer;
        if self.policy.reserved.as_ref() == Some(&username) {
            return Err(CreateUserError::NameTaken(username).into());
        }
        if self.policy.mail.must_verify && email.is_none() {
            return Err(RegisterError::EmailMissing);
        }
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
        let id = self
            .recorded(self.store.register_user(user, now, event, self.policy.mail.is_sent).await?);
        Ok(Registered { id, username, email })
    }
}

/// An account was not created.
#[derive(Debug, thiserror::Error)]
pub(crate) enum RegisterError {
    /// Only administrators create accounts.
    #[error("registration is closed")]
    Closed,
    /// Users have to verify an address, and there is none.
    #[error("an e-mail address is required")]
    EmailMissing,
    /// The password does not obey the rules.
    #[error(transparent)]
    Password(#[from] PasswordFault),
    /// There were too many registrations before.
    #[error("too many registrations")]
    TooMany {
        /// After this time it can be tried again.
        retry_after: Duration,
    },
    /// The password could not be hashed.
    #[error(transparent)]
    Hash(#[from] HashError),
    /// The name or the address is taken, or the database cannot be written.
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
