//! Looking users up.

use super::{
    administrators::has_admin,
    rows::{user_by_name, user_by_number, users_after},
};
use crate::{
    page::{Page, Part},
    store::{errors::StoreError, handle::Store, unavailable::Unavailable},
    users::{User, Username},
};

impl Store {
    /// The user of this name.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub(crate) async fn find_user(&self, username: &Username) -> Result<Option<User>, StoreError> {
        user_by_name(&mut self.reader().await?, username).await
    }

    /// The user of this number.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub(crate) async fn user(&self, number: i64) -> Result<Option<User>, StoreError> {
        user_by_number(&mut self.reader().await?, number).await
    }

    /// A page of users, by name.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub(crate) async fn users(&self, part: &Part) -> Result<Page<User>, StoreError> {
        let after = part.after.as_deref().unwrap_or_default();
        let found = users_after(&mut self.reader().await?, after, part.wanted()).await?;
        Ok(part.page(found, |user| user.account.username.clone()))
    }

    /// Whether an enabled user may administer by a role.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub(crate) async fn has_admin(&self) -> Result<bool, Unavailable> {
        Ok(has_admin(&mut self.reader().await?).await?)
    }
}
