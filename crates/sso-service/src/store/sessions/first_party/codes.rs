//! Sessions for codes of the first-party client.

use super::begin::begin_vouched;
use crate::{
    oidc::{CodeOutcome, CodePresentation, ReusedGrant, VouchedTokens},
    sessions::{LiveSessions, SessionLimits},
    store::{
        clients::{LiveHolder, Spent, spend},
        errors::VouchError,
        handle::Store,
        sessions::vouched::{delete_with_vouched, end_in_memory},
        sql::{SqlConnection, query},
        unavailable::Unavailable,
    },
    tokens::TokenHash,
};

impl Store {
    /// Begins a session for a code. A code that was presented before ends the session that it gave.
    ///
    /// # Errors
    /// When there are too many sessions, the database cannot be written, or the session that vouches
    /// is of unknown state.
    pub(crate) async fn begin_by_code(
        &self,
        presented: CodePresentation,
        tokens: VouchedTokens,
    ) -> Result<CodeOutcome, VouchError> {
        if !self.has_code(&presented).await? {
            return Ok(CodeOutcome::Refused);
        }
        let (live, limits) = (self.live.clone(), self.limits);
        let shared = self.database.is_shared();
        let begin = async move |connection: &mut SqlConnection| {
            begin_by_code(connection, &presented, &tokens, limits, &live, shared).await
        };
        let outcome: Result<_, VouchError> = self.database.write_addition(begin).await;
        if let Ok(CodeOutcome::Reused(_, Some(ended))) = &outcome {
            self.confirm().await?;
            self.live.revoked.have_ended(&[*ended]);
        }
        outcome
    }

    /// Whether a refresh token is one of a session that another one vouched for.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub(crate) async fn is_of_vouched_session(
        &self,
        refresh_token: &TokenHash,
    ) -> Result<bool, Unavailable> {
        let find = query(
            "SELECT EXISTS (SELECT 1 FROM refresh_tokens
                 JOIN live_sessions AS sessions ON sessions.number = session
                 WHERE hash = $1 AND vouched_by IS NOT NULL)",
        );
        Ok(find.bind(refresh_token.as_bytes()).fetch_one(&mut self.reader().await?).await?)
    }
}

async fn begin_by_code(
    connection: &mut SqlConnection,
    presented: &CodePresentation,
    tokens: &VouchedTokens,
    limits: SessionLimits,
    live: &LiveSessions,
    shared: bool,
) -> Result<CodeOutcome, VouchError> {
    let (code, holder) = match spend(connection, presented, live, shared).await? {
        Spent::First(code, holder) => (code, holder),
        Spent::Again(code, LiveHolder { account, session_id, .. }) => {
            if let Some(begun) = code.begun_session {
                end_in_memory(connection, live, &[begun]).await?;
                delete_with_vouched(connection, begun).await?;
            }
            let reused = Box::new(ReusedGrant { account, session_id });
            return Ok(CodeOutcome::Reused(reused, code.begun_session));
        }
        Spent::Invalid => return Ok(CodeOutcome::Refused),
    };
    let begun = begin_vouched(connection, &code.session, holder, tokens, limits, live).await?;
    query(
        "UPDATE client_authorizations SET expires_at = $1,
             begun_session = (SELECT number FROM sessions WHERE id = $2) WHERE number = $3",
    )
    .bind(begun.refresh_expires_at.timestamp_millis())
    .bind(begun.session_id.as_bytes().as_slice())
    .bind(code.number)
    .execute(connection)
    .await?;
    Ok(CodeOutcome::Begun(Box::new(begun)))
}
