//! A new password by a link, for users who have forgotten theirs.

use super::service::Accounts;
use crate::{
    audit::Source,
    store::{PasswordReset, ResetError, StoreError},
    tokens::TokenHash,
    users::{HashError, Password, PasswordFault, Username},
};

/// The longest secret of a link, in bytes. Ours have 43.
const MAX_SECRET_BYTES: usize = 128;

impl Accounts {
    /// The name of the user whose link this is, if it still works. It is not spent: scanners of mail
    /// follow links.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub(crate) async fn user_of_reset_link(
        &self,
        secret: &str,
    ) -> Result<Option<String>, StoreError> {
        if secret.len() > MAX_SECRET_BYTES {
            return Ok(None);
        }
        let user = self.store.user_of_reset_link(TokenHash::of(secret), self.clock.now()).await?;
        Ok(user.map(|user| user.account.username))
    }

    /// Gives the user of a link a new password. The link is spent, and all sessions of the user end,
    /// in one transaction.
    ///
    /// # Errors
    /// When the link does not work any more, the password does not obey the rules, it cannot be
    /// hashed in time, or the database cannot be written. The link is not spent then.
    pub(crate) async fn reset_password(
        &self,
        secret: &str,
        new: Password,
        from: Source<'_>,
    ) -> Result<(), PasswordResetError> {
        let name = self.user_of_reset_link(secret).await?.ok_or(ResetError::InvalidLink)?;
        if let Ok(username) = name.parse::<Username>() {
            self.rules.check(&new, &username)?;
        }
        let reset = PasswordReset {
            link: TokenHash::of(secret),
            password_hash: self.guard.hash(new, from).await?,
            now: self.clock.now(),
        };
        self.recorded(self.store.reset_password_by_link(reset, from).await?);
        Ok(())
    }
}

/// A new password was not set.
#[derive(Debug, thiserror::Error)]
pub(crate) enum PasswordResetError {
    /// The link does not work any more, or the database does not answer.
    #[error(transparent)]
    Reset(#[from] ResetError),
    /// The password does not obey the rules.
    #[error(transparent)]
    Password(#[from] PasswordFault),
    /// The password could not be hashed.
    #[error(transparent)]
    Hash(#[from] HashError),
}

impl From<StoreError> for PasswordResetError {
    fn from(error: StoreError) -> Self {
        Self::Reset(error.into())
    }
}
