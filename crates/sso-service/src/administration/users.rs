//! Users and their sessions.

use sqlx::SqliteConnection;
use uuid::Uuid;

use super::{actor::Actor, desk::Administration, error::AdministrationError};
use crate::{
    audit::Kind,
    page::{Page, Part},
    sessions::SessionDetails,
    users::{
        Email, Extent, NewUser, Password, User, UserUpdate, Username, create_user, delete_user,
        end_user_sessions, update_user,
    },
};

/// A user to be created.
#[derive(Debug)]
pub(crate) struct NewUserWish {
    pub(crate) username: Username,
    pub(crate) password: Password,
    pub(crate) email: Option<Email>,
    /// Names of roles, which must exist.
    pub(crate) roles: Vec<String>,
}

/// What is to be another of a user. By default, nothing.
#[derive(Debug, Default)]
pub(crate) struct UserWish {
    /// These roles and no other.
    pub(crate) roles: Option<Vec<String>>,
    /// Whether log-in is refused. The sessions end when it is.
    pub(crate) disabled: Option<bool>,
    /// The sessions end.
    pub(crate) password: Option<Password>,
    /// The address, or none.
    pub(crate) email: Option<Option<Email>>,
}

impl UserWish {
    /// What it changes, in words.
    fn aspects(&self) -> impl Iterator<Item = &'static str> + use<> {
        let disabled = self.disabled.map(|disabled| if disabled { "disabled" } else { "enabled" });
        let aspects = [
            self.roles.is_some().then_some("roles"),
            disabled,
            self.password.is_some().then_some("password"),
            self.email.is_some().then_some("email"),
        ];
        aspects.into_iter().flatten()
    }
}

impl Administration {
    /// Some users, by name.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub(crate) async fn users(&self, part: &Part) -> Result<Page<User>, AdministrationError> {
        let now = self.now();
        let page = self.users.page(part).await?;
        Ok(page.map(|user| User { account: user.account.at(now), ..user }))
    }

    /// A user.
    ///
    /// # Errors
    /// When there is none, or it cannot be told.
    pub(crate) async fn user(&self, username: &Username) -> Result<User, AdministrationError> {
        let user = self.users.find(username).await?;
        let user = user.ok_or_else(|| AdministrationError::NoSuchUser(username.clone()))?;
        Ok(User { account: user.account.at(self.now()), ..user })
    }

    /// Creates a user.
    ///
    /// # Errors
    /// When the password is not good enough, name or address are taken, a role does not exist, or
    /// it cannot be told.
    pub(crate) async fn create_user(
        &self,
        actor: Actor<'_>,
        wish: NewUserWish,
    ) -> Result<User, AdministrationError> {
        let NewUserWish { username, password, email, roles } = wish;
        self.rules.check(&password, &username)?;
        let user = NewUser {
            username: username.clone(),
            email,
            password_hash: self.guard.hash(password, actor.source).await?,
            roles,
            permissions: Vec::new(),
        };
        let event = self.event(actor, Kind::UserChanged, "created").on(username.as_str());
        let now = self.now();
        let create = async move |connection: &mut SqliteConnection| {
            Ok::<_, AdministrationError>((create_user(connection, &user, now).await?, vec![event]))
        };
        self.change(actor, create).await?;
        self.user(&username).await
    }

    /// Changes a user, all of it or nothing.
    ///
    /// # Errors
    /// When there is none, the password is not good enough, the address is taken, a role does not
    /// exist, it is the last administrator, or it cannot be told.
    pub(crate) async fn update_user(
        &self,
        actor: Actor<'_>,
        username: Username,
        wish: UserWish,
    ) -> Result<User, AdministrationError> {
        let aspects = wish.aspects();
        let UserWish { roles, disabled, password, email } = wish;
        let password_hash = match password {
            None => None,
            Some(password) => {
                // A missing user is not worth a hash.
                self.user(&username).await?;
                self.rules.check(&password, &username)?;
                Some(self.guard.hash(password, actor.source).await?)
            }
        };
        if disabled == Some(false) {
            // What was refused before must not come after this.
            self.sessions.write_revocations().await?;
        }
        let extent = match disabled {
            Some(true) => Some(Extent::LogIn),
            _ => password_hash.as_ref().map(|_| Extent::Sessions),
        };
        let update = UserUpdate { roles, disabled, password_hash, email };
        let event = |aspect| self.event(actor, Kind::UserChanged, aspect).on(username.as_str());
        let (name, events) = (username.clone(), aspects.map(event).collect());
        let change = async move |connection: &mut SqliteConnection| {
            Ok::<_, AdministrationError>((update_user(connection, &name, &update).await?, events))
        };
        let done = self.change(actor, change).await;
        self.in_force(actor, done, &username, extent).await?;
        self.user(&username).await
    }

    /// Deletes a user and ends the sessions.
    ///
    /// # Errors
    /// When there is none, it is the last administrator, or it cannot be told.
    pub(crate) async fn delete_user(
        &self,
        actor: Actor<'_>,
        username: Username,
    ) -> Result<(), AdministrationError> {
        let event = self.event(actor, Kind::UserChanged, "deleted").on(username.as_str());
        let name = username.clone();
        let delete = async move |connection: &mut SqliteConnection| {
            Ok::<_, AdministrationError>((delete_user(connection, &name).await?, vec![event]))
        };
        let done = self.change(actor, delete).await;
        self.in_force(actor, done, &username, Some(Extent::Account)).await
    }

    /// Some sessions of a user, the newest first.
    ///
    /// # Errors
    /// When there is no such user, or it cannot be told.
    pub(crate) async fn sessions_of(
        &self,
        username: &Username,
        part: &Part<Uuid>,
    ) -> Result<Page<SessionDetails>, AdministrationError> {
        let user = self.user(username).await?;
        Ok(self.sessions.page_of(user.number, part, self.now()).await?)
    }

    /// Ends all sessions of a user at once.
    ///
    /// # Errors
    /// When the user does not exist, or the database cannot be written.
    pub(crate) async fn end_sessions_of(
        &self,
        actor: Actor<'_>,
        username: Username,
    ) -> Result<(), AdministrationError> {
        let event = self.event(actor, Kind::AdminRevoke, "sessions").on(username.as_str());
        let name = username.clone();
        let end = async move |connection: &mut SqliteConnection| {
            Ok::<_, AdministrationError>((end_user_sessions(connection, &name).await?, vec![event]))
        };
        let done = self.change(actor, end).await;
        self.in_force(actor, done, &username, Some(Extent::Sessions)).await
    }

    /// A revocation that could not be written is in force all the same, and is tried again.
    async fn in_force(
        &self,
        actor: Actor<'_>,
        done: Result<(), AdministrationError>,
        username: &Username,
        extent: Option<Extent>,
    ) -> Result<(), AdministrationError> {
        if let (Err(error), Some(extent)) = (&done, extent)
            && error.is_unavailable()
        {
            self.sessions.revoke_user(username, extent).await;
            self.record(self.event(actor, Kind::AdminRevoke, "unwritten").on(username.as_str()));
        }
        done
    }
}
