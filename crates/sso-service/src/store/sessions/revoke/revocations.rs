//! Revocations that cannot be written: in force in memory at once, kept in the journal, and tried
//! again until they are in the database.

use uuid::Uuid;

use super::journal::{Journal, WriteJournalError};
use crate::{
    keys::LiveKeys,
    sessions::{LiveSessions, UserRevocation},
    store::{
        errors::{AuthorizedError, ChangeError},
        handle::Store,
        keys::delete_key,
        sql::SqlConnection,
        unavailable::Unavailable,
        users::{revocable, revoke_user},
    },
    users::{RevocationScope, Username},
};

/// How many sessions are ended at a time: log-ins wait for no longer than these take.
const STEP: usize = 1000;

/// Puts revocations in force that an earlier process could not write. It has to be called before
/// the database is read: what is found there then counts as revoked.
pub(in crate::store) fn restore(journal: &Journal, live: &LiveSessions, keys: &LiveKeys) {
    let pending = journal.pending();
    for key in &pending.keys {
        keys.revoke(*key);
    }
    live.revoked.restore(pending);
}

impl Store {
    /// Writes the revocations that are in force in memory and may not be in the database.
    ///
    /// # Errors
    /// When one cannot be written. The rest is tried again the next time.
    pub(crate) async fn write_revocations(&self) -> Result<(), Unavailable> {
        let pending = self.live.revoked.pending();
        if pending.is_empty() && self.journal.pending().is_empty() {
            return Ok(());
        }
        let sessions: Vec<i64> = pending.sessions.iter().copied().collect();
        for some in sessions.chunks(STEP) {
            self.end(some.to_vec()).await?;
        }
        for (user, revocation) in pending.users {
            self.write_user(user, revocation).await?;
            self.live.revoked.user_is_written(user, revocation);
        }
        for key in pending.keys {
            let delete = async move |connection: &mut SqlConnection| {
                Ok::<_, Unavailable>(delete_key(connection, key).await?)
            };
            self.database.write(delete).await?;
            self.live.revoked.key_is_written(key);
        }
        self.record_pending().await;
        Ok(())
    }

    /// Revokes in memory what a change of a user would have revoked in the database, if that does
    /// not answer. The last administrator, and a user who does not exist, stay as they are.
    pub(in crate::store) async fn revoke_if_unavailable<T>(
        &self,
        changed: &Result<T, AuthorizedError<ChangeError>>,
        username: &Username,
        extent: Option<RevocationScope>,
    ) {
        // Other instances would not know of it: the caller is told that nothing is certain.
        if let (Err(error), Some(extent)) = (changed, extent)
            && error.is_unavailable()
            && !self.database.is_shared()
            && let Err(error) = self.revoke_user(username, extent).await
        {
            tracing::error!(%error, "a revocation is not in force: cannot read its user");
        }
    }

    async fn revoke_user(
        &self,
        username: &Username,
        extent: RevocationScope,
    ) -> Result<(), Unavailable> {
        let mut reader = self.reader().await?;
        let Some((user, epoch)) = revocable(&mut reader, username, extent).await? else {
            return Ok(());
        };
        let revocation = UserRevocation { epoch: epoch + 1, extent };
        // Before the sessions are looked for: one that is being added meanwhile sees it.
        self.live.revoked.revoke_user(user, revocation);
        if let Some(user) = self.live.user(user) {
            user.end_before(revocation.epoch);
        }
        drop(reader);
        self.record_pending().await;
        Ok(())
    }

    /// Deletes in memory a key that could not be deleted in the database.
    pub(in crate::store) async fn revoke_key(&self, id: Uuid) {
        if !self.database.is_shared() && self.keys.revoke(id) {
            self.live.revoked.revoke_key(id);
            self.record_pending().await;
        }
    }

    async fn write_user(&self, user: i64, revocation: UserRevocation) -> Result<(), Unavailable> {
        match self.try_write_user(user, revocation).await {
            Err(ChangeError::Unavailable(error)) => Err(error),
            // The other administrators have gone meanwhile; the sessions end all the same.
            Err(ChangeError::LastAdmin) => {
                let sessions = UserRevocation { extent: RevocationScope::Sessions, ..revocation };
                match self.try_write_user(user, sessions).await {
                    Err(ChangeError::Unavailable(error)) => Err(error),
                    _ => Ok(()),
                }
            }
            _ => Ok(()),
        }
    }

    async fn try_write_user(
        &self,
        user: i64,
        revocation: UserRevocation,
    ) -> Result<(), ChangeError> {
        let UserRevocation { epoch, extent } = revocation;
        let revoke = async move |connection: &mut SqlConnection| {
            revoke_user(connection, user, epoch, extent).await
        };
        self.database.write(revoke).await
    }

    /// Writes to the journal what is not in the database, so that it outlives the process.
    pub(in crate::store::sessions) async fn record_pending(&self) {
        if !self.journal.is_kept() {
            return;
        }
        let (journal, pending) = (self.journal.clone(), self.live.revoked.pending());
        let written = tokio::task::spawn_blocking(move || journal.write(pending)).await;
        let error = match written {
            Ok(Ok(())) => return,
            Ok(Err(WriteJournalError::Sync(error))) => return self.database.end_process(&error),
            Ok(Err(error)) => error.to_string(),
            Err(error) => error.to_string(),
        };
        tracing::error!(error, "cannot write the journal: a restart would lose revocations");
    }
}
