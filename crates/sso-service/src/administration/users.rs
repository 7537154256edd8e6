//! Users.

use chrono::{DateTime, Utc};
use shared_types::Permission;

use super::{actor::Actor, error::AdministrationError, service::Administration};
use crate::{
    audit::Kind,
    oidc::RandomText,
    page::{Page, Part},
    store::{AuthorizedError, ChangeError, Recorded},
    users::{Email, NewUser, Password, RevocationScope, User, UserUpdate, Username},
};

/// A user to be created.
#[derive(Debug)]
pub(crate) struct RequestedUser {
    pub(crate) username: Username,
    pub(crate) password: Password,
    pub(crate) email: Option<Email>,
    /// Names of roles, which must exist.
    pub(crate) roles: Vec<String>,
    /// Permissions besides those of the roles.
    pub(crate) permissions: Vec<Permission>,
}

/// A change of a user. By default, nothing changes.
#[derive(Debug, Default)]
pub(crate) struct RequestedChange {
    /// These roles and no other.
    pub(crate) roles: Option<Vec<String>>,
    /// Whether log-in is refused. The sessions end when it is.
    pub(crate) disabled: Option<bool>,
    /// The sessions end.
    pub(crate) password: Option<Password>,
    /// The address, or none.
    pub(crate) email: Option<Option<Email>>,
}

impl RequestedChange {
    /// The words for what it changes.
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
    /// A page of users, by name.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub(crate) async fn users(&self, part: &Part) -> Result<Page<User>, AdministrationError> {
        let now = self.now();
        let page = self.store.users(part).await?;
        Ok(page.map(|user| User { account: user.account.at(now), ..user }))
    }

    /// A user.
    ///
    /// # Errors
    /// When the user does not exist, or cannot be read.
    pub(crate) async fn user(&self, username: &Username) -> Result<User, AdministrationError> {
        let user = self.store.find_user(username).await?;
        let user = user.ok_or_else(|| AdministrationError::NoSuchUser(username.clone()))?;
        Ok(User { account: user.account.at(self.now()), ..user })
    }

    /// Whether a user logs in by the provider, and so has no password.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub(crate) async fn logs_in_upstream(&self, user: &User) -> Result<bool, AdministrationError> {
        Ok(self.store.logs_in_upstream(user.number).await?)
    }

    /// Creates a user.
    ///
    /// # Errors
    /// When the password does not obey the rules, the name or the address is taken, a role does not
    /// exist, or the database cannot be read or written.
    pub(crate) async fn create_user(
        &self,
        actor: Actor<'_>,
        wish: RequestedUser,
    ) -> Result<User, AdministrationError> {
        let RequestedUser { username, password, email, roles, permissions } = wish;
        self.rules.check(&password, &username)?;
        let user = NewUser {
            username: username.clone(),
            email,
            password_hash: self.hash(actor, password).await?,
            roles,
            permissions,
        };
        let event = self.event(actor, Kind::UserChanged, "created").on(username.as_str());
        let by = self.by(actor, vec![event]);
        self.recorded(self.store.create_user(user, self.now(), by).await?);
        self.user(&username).await
    }

    /// Changes a user, all of it or nothing.
    ///
    /// # Errors
    /// When the user does not exist, the password does not obey the rules, the address is taken, a
    /// role does not exist, it is the last administrator, or the database cannot be read or
    /// written.
    pub(crate) async fn update_user(
        &self,
        actor: Actor<'_>,
        username: Username,
        wish: RequestedChange,
    ) -> Result<User, AdministrationError> {
        let aspects = wish.aspects();
        let RequestedChange { roles, disabled, password, email } = wish;
        let password_hash = match password {
            None => None,
            Some(password) => {
                // Check that the user exists before spending a hash.
                self.user(&username).await?;
                self.rules.check(&password, &username)?;
                Some(self.hash(actor, password).await?)
            }
        };
        if disabled == Some(false) {
            // A revocation from before must not be written after this.
            self.store.write_revocations().await?;
        }
        let update = UserUpdate { roles, disabled, password_hash, email };
        let event = |aspect| self.event(actor, Kind::UserChanged, aspect).on(username.as_str());
        let by = self.by(actor, aspects.map(event).collect());
        let revokes = update.revokes();
        let changed = self.store.update_user(username.clone(), update, by).await;
        self.recorded_or_unwritten(actor, changed, &username, revokes)?;
        self.user(&username).await
    }

    /// Makes a link with which a user can set a new password, once, within half an hour. An earlier
    /// one is void. Gives its secret, and the instant at which it is over.
    ///
    /// # Errors
    /// When the user does not exist, or the database cannot be written.
    pub(crate) async fn create_reset_link(
        &self,
        actor: Actor<'_>,
        username: Username,
    ) -> Result<(RandomText, DateTime<Utc>), AdministrationError> {
        let secret = RandomText::generate()?;
        let event = self.event(actor, Kind::UserChanged, "reset_link").on(username.as_str());
        let by = self.by(actor, vec![event]);
        let created = self.store.create_reset_link(username, secret.hash(), self.now(), by).await?;
        Ok((secret, self.recorded(created)))
    }

    /// Deletes a user and ends the sessions.
    ///
    /// # Errors
    /// When the user does not exist, it is the last administrator, or the database cannot be
    /// written.
    pub(crate) async fn delete_user(
        &self,
        actor: Actor<'_>,
        username: Username,
    ) -> Result<(), AdministrationError> {
        let event = self.event(actor, Kind::UserChanged, "deleted").on(username.as_str());
        let by = self.by(actor, vec![event]);
        let deleted = self.store.delete_user(username.clone(), by).await;
        self.recorded_or_unwritten(actor, deleted, &username, Some(RevocationScope::Account))
    }

    /// Records a change of a user, also one that revokes and could not be written: it is in force
    /// all the same, and is tried again.
    pub(super) fn recorded_or_unwritten(
        &self,
        actor: Actor<'_>,
        changed: Result<Recorded<()>, AuthorizedError<ChangeError>>,
        username: &Username,
        revokes: Option<RevocationScope>,
    ) -> Result<(), AdministrationError> {
        let changed = changed.map_err(AdministrationError::from);
        if matches!(&changed, Err(error) if revokes.is_some() && error.is_unavailable()) {
            self.record_unwritten(actor, Kind::AdminRevoke, username.as_str());
        }
        self.recorded(changed?);
        Ok(())
    }
}
