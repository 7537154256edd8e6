//! The sessions of a user, as the user sees and ends them.

use uuid::Uuid;

use crate::{
    audit::{Kind, Source},
    authority::{holder::Holder, service::SessionAuthority},
    sessions::{LiveSession, Principal, SessionDetails},
    store::Unavailable,
};

impl SessionAuthority {
    /// The sessions of the user, the newest first.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub(crate) async fn sessions(
        &self,
        own: &LiveSession,
    ) -> Result<Vec<SessionDetails>, Unavailable> {
        self.store.own_sessions(own, self.clock.now()).await
    }

    /// What is known of the session itself. `None` if it has just ended.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub(crate) async fn session_details(
        &self,
        own: &LiveSession,
    ) -> Result<Option<SessionDetails>, Unavailable> {
        self.store.session_details(own).await
    }

    /// Ends a session of the user, and tells whether the user has one of this id.
    ///
    /// # Errors
    /// When it is not known to be written.
    pub(crate) async fn end_session(
        &self,
        own: &Principal,
        id: Uuid,
        from: Source<'_>,
    ) -> Result<bool, Unavailable> {
        let ended = self.store.end_own_session(&own.session, id).await?;
        if ended {
            let event = self.event(Kind::Logout, &Holder::from(own.clone()), from);
            self.audit.record(event.on(&id.to_string()));
        }
        Ok(ended)
    }

    /// Ends all sessions of the user but this one.
    ///
    /// # Errors
    /// When it is not known to be written.
    pub(crate) async fn end_other_sessions(
        &self,
        own: &Principal,
        from: Source<'_>,
    ) -> Result<(), Unavailable> {
        let ended = self.store.end_other_sessions(&own.session).await;
        // What is not known to be written is in force all the same.
        if !matches!(ended, Ok(0)) {
            let event = self.event(Kind::Logout, &Holder::from(own.clone()), from);
            self.audit.record(event.because("others"));
        }
        ended.map(|_| ())
    }
}
