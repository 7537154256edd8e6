//! Changes without a record, for tests.

use chrono::{DateTime, Utc};
use uuid::Uuid;

use super::{create, sessions_end::end_user_sessions, update};
use crate::{
    page::Part,
    store::{
        errors::{ChangeError, CreateUserError},
        handle::Store,
        sql::SqlConnection,
    },
    users::{NewUser, PasswordHash, User, UserUpdate, Username},
};

impl Store {
    pub(crate) async fn add_user(
        &self,
        user: NewUser,
        now: DateTime<Utc>,
    ) -> Result<Uuid, CreateUserError> {
        let create = async move |connection: &mut SqlConnection| {
            create::create_user(connection, &user, create::Creator::Administrator, now).await
        };
        self.database.write(create).await
    }

    pub(crate) async fn all_users(&self) -> Vec<User> {
        self.users(&Part { after: None, limit: u16::MAX }).await.unwrap().items
    }

    pub(crate) async fn remove_user(&self, username: Username) -> Result<(), ChangeError> {
        let delete = async move |connection: &mut SqlConnection| {
            update::delete_user(connection, &username).await
        };
        self.database.write(delete).await
    }

    pub(crate) async fn end_all_of(&self, username: Username) -> Result<(), ChangeError> {
        let end = async move |connection: &mut SqlConnection| {
            end_user_sessions(connection, &username).await
        };
        self.database.write(end).await
    }

    pub(crate) async fn change_user(
        &self,
        username: Username,
        update: UserUpdate,
    ) -> Result<(), ChangeError> {
        let change = async move |connection: &mut SqlConnection| {
            update::update_user(connection, &username, &update).await
        };
        self.database.write(change).await
    }

    pub(crate) async fn disable_user(&self, username: Username) -> Result<(), ChangeError> {
        let update = UserUpdate { disabled: Some(true), ..UserUpdate::default() };
        self.change_user(username, update).await
    }

    pub(crate) async fn enable_user(&self, username: Username) -> Result<(), ChangeError> {
        let update = UserUpdate { disabled: Some(false), ..UserUpdate::default() };
        self.change_user(username, update).await
    }

    pub(crate) async fn reset_password(
        &self,
        username: Username,
        hash: PasswordHash,
    ) -> Result<(), ChangeError> {
        let update = UserUpdate { password_hash: Some(hash), ..UserUpdate::default() };
        self.change_user(username, update).await
    }
}
