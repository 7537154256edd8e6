//! A user's own change of password.

use std::time::Duration;

use tokio::time::Instant;

use super::service::Accounts;
use crate::{
    audit::{Kind, Source},
    authority::Holder,
    login_guard::{NotAuthenticated, TypedCredentials},
    sessions::Principal,
    store::{PasswordChangeError, StoreError, Unavailable},
    users::{HashError, OwnPasswordChange, PATIENCE, Password, PasswordFault, User},
};

impl Accounts {
    /// Changes the password of the user who is logged in, and ends the other sessions: anybody who
    /// knew the old password may have begun them. A log-in whose old password was verified a moment
    /// ago does not become a session either.
    ///
    /// # Errors
    /// When the new password does not obey the rules, the present one is wrong, too many attempts
    /// failed, the session has ended, or the database does not answer.
    pub(crate) async fn change_password(
        &self,
        own: &Principal,
        current: &str,
        new: Password,
        from: Source<'_>,
    ) -> Result<(), OwnPasswordError> {
        if let Ok(username) = own.account.username.parse() {
            self.rules.check(&new, &username)?;
        }
        let user = self.verify_own_password(own, current, from).await?;
        let change = OwnPasswordChange {
            user: user.number,
            epoch: user.epoch,
            session: own.session.number,
            password_hash: self.guard.hash(new, from).await?,
        };
        let event = Holder::from(own.clone()).event(Kind::PasswordChanged, self.clock.now(), from);
        self.recorded(self.store.change_password(change, event).await?);
        Ok(())
    }

    /// Verifies the present password of the user who is logged in. It counts as a log-in does, so
    /// this tells no more about a password than a log-in.
    ///
    /// # Errors
    /// When the password is wrong, too many attempts failed, the session has ended, or the database
    /// does not answer.
    pub(crate) async fn verify_own_password(
        &self,
        own: &Principal,
        current: &str,
        from: Source<'_>,
    ) -> Result<User, OwnPasswordError> {
        let deadline = Instant::now() + PATIENCE;
        let user = self.store.user(own.session.user.number).await?;
        let user = user.ok_or(PasswordChangeError::SessionOver)?;
        let typed = TypedCredentials { name: &own.account.username, password: current };
        Ok(self.guard.authenticate(Some(user), typed, from, deadline).await?.user)
    }
}

/// A user's own password was not changed.
#[derive(Debug, thiserror::Error)]
pub(crate) enum OwnPasswordError {
    /// The new password does not obey the rules.
    #[error(transparent)]
    New(#[from] PasswordFault),
    /// The present password is wrong.
    #[error("the current password is wrong")]
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
    /// The database does not answer.
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
