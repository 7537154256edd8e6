//! Verifying the address of a user by a code.

use std::time::Duration;

use super::service::Accounts;
use crate::{
    audit::{Event, Kind, Source},
    login_guard::NotHashed,
    mail::VerificationCode,
    store::{Unavailable, VerifyEmailError},
    users::{Email, HashError, Username},
};

impl Accounts {
    /// Verifies the address of a user by the code that was sent there. No session is needed: the user
    /// may not log in before.
    ///
    /// # Errors
    /// When the code is wrong or over, or no user has this name, alike; when too many were wrong;
    /// when the database cannot be written.
    pub(crate) async fn verify_email(
        &self,
        username: Username,
        code: VerificationCode,
        from: Source<'_>,
    ) -> Result<(), MailRequestError> {
        let attempt = self.guard.begin_mail_request(username.as_str(), from).await?;
        let now = self.clock.now();
        let event = Event::new(Kind::EmailVerified, now).at(from);
        let verified = self.store.verify_email(username, code, now, event).await;
        match &verified {
            Err(VerifyEmailError::WrongCode) => attempt.fail(),
            Ok(_) | Err(_) => attempt.give_back(),
        }
        self.recorded(verified?);
        Ok(())
    }

    /// Has another code sent to a user whose address is not verified. Nobody learns whether there is
    /// such a user.
    ///
    /// # Errors
    /// When too many were asked for, or the database cannot be written.
    pub(crate) async fn send_code(
        &self,
        username: Username,
        from: Source<'_>,
    ) -> Result<(), MailRequestError> {
        // Dropped, it counts: what is limited is how many are sent.
        let _attempt = self.guard.begin_mail_request(username.as_str(), from).await?;
        let now = self.clock.now();
        let event = Event::new(Kind::MailRequested, now).at(from).because("verification");
        self.recorded(self.store.owe_code(username, now, event).await?);
        Ok(())
    }

    /// Has a link to a new password sent to the user whose verified address this is. Nobody learns
    /// whether there is such a user.
    ///
    /// # Errors
    /// When too many were asked for, or the database cannot be written.
    pub(crate) async fn send_reset_link(
        &self,
        address: Email,
        from: Source<'_>,
    ) -> Result<(), MailRequestError> {
        let _attempt = self.guard.begin_mail_request(address.as_str(), from).await?;
        let now = self.clock.now();
        let event = Event::new(Kind::MailRequested, now).at(from).because("password_reset");
        self.recorded(self.store.owe_reset(address, now, event).await?);
        Ok(())
    }
}

/// Mail was not asked for, or its code not accepted.
#[derive(Debug, thiserror::Error)]
pub(crate) enum MailRequestError {
    /// The code is wrong, or there is another reason not to accept it.
    #[error(transparent)]
    Verify(#[from] VerifyEmailError),
    /// There were too many requests before.
    #[error("too many requests")]
    TooMany {
        /// After this time it can be tried again.
        retry_after: Duration,
    },
    /// Too many requests wait.
    #[error(transparent)]
    Busy(HashError),
    /// The database does not answer.
    #[error(transparent)]
    Unavailable(#[from] Unavailable),
}

impl From<NotHashed> for MailRequestError {
    fn from(refusal: NotHashed) -> Self {
        match refusal {
            NotHashed::TooMany { retry_after } => Self::TooMany { retry_after },
            NotHashed::Hash(error) => Self::Busy(error),
        }
    }
}
