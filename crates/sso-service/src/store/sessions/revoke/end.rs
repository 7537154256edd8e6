//! Ending sessions. The end is in force in memory before it is written, and stays so if it cannot
//! be written.

use uuid::Uuid;

use crate::{
    sessions::{LiveSession, NamedSession, SessionDetails},
    store::{
        clients::note_ends,
        handle::Store,
        sessions::vouched::{end_in_memory, vouched_for_by},
        sql::{SqlConnection, query, with_numbers},
        unavailable::Unavailable,
    },
    tokens::TokenHash,
};

impl Store {
    /// Ends the session in memory that a token stands for.
    ///
    /// # Errors
    /// When the end is not known to be written. It is in force all the same, and is tried again,
    /// also after a restart.
    pub(crate) async fn end_live_session(
        &self,
        hash: &TokenHash,
        session: &LiveSession,
    ) -> Result<(), Unavailable> {
        // Before the session is looked for again: the follower may be putting another in its place.
        self.live.revoked.begin_to_end(&[session.number]);
        session.end();
        if let Some(session) = self.live.session_of(hash) {
            session.end();
        }
        self.end(vec![session.number]).await
    }

    /// Ends a session that a token names.
    ///
    /// # Errors
    /// As [`Store::end_live_session`].
    pub(crate) async fn end_named_session(&self, named: &NamedSession) -> Result<(), Unavailable> {
        // Before its tokens are looked for: one that is being added meanwhile sees it.
        self.live.revoked.begin_to_end(&[named.number]);
        let known = |hash| self.live.session(named.number, hash);
        for session in named.tokens.iter().filter_map(known) {
            session.end();
        }
        self.end(vec![named.number]).await
    }

    /// Ends a session of the user with those that it vouched for, and tells whether the user has one
    /// of this id.
    ///
    /// # Errors
    /// As [`Store::end_live_session`].
    pub(crate) async fn end_own_session(
        &self,
        own: &LiveSession,
        id: Uuid,
    ) -> Result<bool, Unavailable> {
        let found = self.own(own, Some(id)).await?;
        if found.is_empty() {
            // It may have ended by a change that is not in force on every instance yet.
            self.confirm().await?;
        }
        self.end_with_vouched(&found).await?;
        Ok(!found.is_empty())
    }

    /// Ends the user's other sessions, and gives their number.
    ///
    /// # Errors
    /// As [`Store::end_live_session`].
    pub(crate) async fn end_other_sessions(&self, own: &LiveSession) -> Result<usize, Unavailable> {
        let mut ended = 0;
        loop {
            let mut others = self.own(own, None).await?;
            others.retain(|other| other.number != own.number);
            if others.is_empty() {
                self.confirm().await?;
                return Ok(ended);
            }
            self.end_all(&others).await?;
            ended += others.len();
        }
    }

    async fn end_all(&self, sessions: &[SessionDetails]) -> Result<(), Unavailable> {
        let numbers: Vec<i64> = sessions.iter().map(|session| session.number).collect();
        // Before their tokens are looked for: one that is being added meanwhile sees it.
        self.live.revoked.begin_to_end(&numbers);
        let known = |session: &SessionDetails| self.live.session(session.number, &session.hash?);
        for session in sessions.iter().filter_map(known) {
            session.end();
        }
        self.end(numbers).await
    }

    /// Ends sessions and those that they vouched for.
    async fn end_with_vouched(&self, sessions: &[SessionDetails]) -> Result<(), Unavailable> {
        let vouchers: Vec<i64> = sessions.iter().map(|session| session.number).collect();
        // First: none that they vouch for begins afterwards.
        self.live.revoked.begin_to_end(&vouchers);
        let vouched = self.end_vouched_in_memory(&vouchers).await;
        self.end_all(sessions).await?;
        let vouched = vouched?;
        if !vouched.is_empty() {
            self.end(vouched).await?;
        }
        self.end_late(vouchers).await
    }

    async fn end_vouched_in_memory(&self, vouchers: &[i64]) -> Result<Vec<i64>, Unavailable> {
        let mut reader = self.reader().await?;
        let vouched = vouched_for_by(&mut reader, vouchers).await?;
        end_in_memory(&mut reader, &self.live, &vouched).await?;
        Ok(vouched)
    }

    /// Ends what another instance may have begun before it knew of the end of the vouchers.
    async fn end_late(&self, vouchers: Vec<i64>) -> Result<(), Unavailable> {
        if !self.database.is_shared() {
            return Ok(());
        }
        let vouchers = serde_json::Value::from(vouchers).to_string();
        let end = async move |connection: &mut SqlConnection| {
            let end = query(with_numbers!("DELETE FROM sessions WHERE vouched_by IN "));
            end.bind(vouchers).execute(connection).await?;
            Ok::<_, Unavailable>(())
        };
        self.database.write(end).await
    }

    /// Ends sessions by number.
    ///
    /// # Errors
    /// As [`Store::end_live_session`].
    pub(in crate::store::sessions) async fn end(
        &self,
        sessions: Vec<i64>,
    ) -> Result<(), Unavailable> {
        self.live.revoked.begin_to_end(&sessions);
        let numbers = serde_json::Value::from(&*sessions).to_string();
        let work = async move |connection: &mut SqlConnection| {
            note_ends(connection, &numbers).await?;
            query(with_numbers!("DELETE FROM sessions WHERE number IN "))
                .bind(numbers)
                .execute(connection)
                .await?;
            Ok::<_, Unavailable>(())
        };
        if let Err(error) = self.database.write(work).await {
            self.record_pending().await;
            return Err(error);
        }
        self.live.revoked.have_ended(&sessions);
        Ok(())
    }
}
