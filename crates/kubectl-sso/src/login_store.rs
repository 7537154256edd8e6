//! The saved log-ins, one for each authority.

use std::path::Path;

use crate::{
    authority_url::AuthorityUrl,
    error::CommandError,
    saved_login::SavedLogin,
    state::{StateDirectory, StateError, StateLock},
};

/// The log-ins in the state directory.
#[derive(Debug)]
pub(crate) struct LoginStore(StateDirectory);

/// The right to change the log-in at one authority.
#[derive(Debug)]
pub(crate) struct LoginLock<'a>(StateLock<'a>);

impl LoginStore {
    /// The store below `state_home`, created if it is missing.
    pub(crate) fn create(state_home: &Path) -> Result<Self, StateError> {
        StateDirectory::create(state_home).map(Self)
    }

    /// The store below `state_home`; `None` when there is none.
    pub(crate) fn open(state_home: &Path) -> Result<Option<Self>, StateError> {
        Ok(StateDirectory::open(state_home)?.map(Self))
    }

    /// The store, and the authority of a command: `sso`, or the only one with a log-in.
    pub(crate) fn locate(
        state_home: &Path,
        sso: Option<AuthorityUrl>,
    ) -> Result<(Self, AuthorityUrl), CommandError> {
        let Some(store) = Self::open(state_home)? else {
            return Err(sso.map_or(CommandError::NoLogin, CommandError::NotLoggedIn));
        };
        let sso = sso.map_or_else(|| store.only_authority(), Ok)?;
        Ok((store, sso))
    }

    fn only_authority(&self) -> Result<AuthorityUrl, CommandError> {
        let mut authorities: Vec<_> = self.all()?.into_iter().map(|saved| saved.sso).collect();
        match authorities.len() {
            0 => Err(CommandError::NoLogin),
            1 => Ok(authorities.remove(0)),
            _ => Err(CommandError::SeveralLogins(authorities)),
        }
    }

    /// All log-ins that can be read, in the order of their URLs.
    pub(crate) fn all(&self) -> Result<Vec<SavedLogin>, StateError> {
        let mut all = Vec::new();
        for name in self.0.names()? {
            all.extend(self.0.read(&name)?.and_then(|json| SavedLogin::from_json(&json)));
        }
        all.sort_by_key(|saved| saved.sso.to_string());
        Ok(all)
    }

    /// The log-in at this authority.
    pub(crate) fn read(&self, sso: &AuthorityUrl) -> Result<SavedLogin, CommandError> {
        let json = self.0.read(&sso.hash())?;
        let json = json.ok_or_else(|| CommandError::NotLoggedIn(sso.clone()))?;
        let saved = SavedLogin::from_json(&json).filter(|saved| saved.sso == *sso);
        saved.ok_or_else(|| CommandError::UnreadableLogin(sso.clone()))
    }

    /// The certificate authorities that were given at the last log-in at this authority.
    pub(crate) fn remembered_ca(&self, sso: &AuthorityUrl) -> Result<Option<String>, StateError> {
        let json = self.0.read(&sso.hash())?;
        Ok(json.and_then(|json| SavedLogin::from_json(&json)).and_then(|saved| saved.ca))
    }

    /// Waits, for a limited time, for the right to change the log-in at this authority.
    pub(crate) async fn lock(&self, sso: &AuthorityUrl) -> Result<LoginLock<'_>, StateError> {
        self.0.lock(&sso.hash()).await.map(LoginLock)
    }
}

impl LoginLock<'_> {
    /// Replaces the log-in. It is on disk when this returns.
    pub(crate) fn replace(&self, login: &SavedLogin) -> Result<(), CommandError> {
        Ok(self.0.replace(&login.to_json()?)?)
    }

    /// Removes the log-in.
    pub(crate) fn remove(&self) -> Result<(), StateError> {
        self.0.remove()
    }

    /// Replaces the log-in by invalid bytes.
    #[cfg(test)]
    pub(crate) fn replace_by(&self, content: &[u8]) {
        self.0.replace(content).unwrap();
    }
}
