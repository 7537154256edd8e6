//! Codes, and what clients get for them.

use super::{
    holders::{LiveHolder, SessionFacts, is_vouched, judge},
    notices::note_client,
    requests::remove,
    tokens::insert_tokens,
};
use crate::{
    oidc::{
        ClientGrant, CodeChallenge, CodePresentation, CodeRedemption, Exchanged, NewCode,
        OidcScope, ReusedGrant,
    },
    sessions::LiveSessions,
    store::{
        errors::{CodeError, StoreError},
        handle::Store,
        sql::{FromSqlRow, SqlConnection, SqlRow, query},
        unavailable::Unavailable,
    },
};

/// How many authorizations a session has. Beyond it the oldest ones end.
const MOST_OF_SESSION: i64 = 100;

impl Store {
    /// Stores a code, if the session lives and the user may use the client.
    ///
    /// # Errors
    /// When that is not so, the stored request is over, or the database cannot be written.
    pub(crate) async fn add_code(&self, code: NewCode) -> Result<(), CodeError> {
        let (live, shared) = (self.live.clone(), self.database.is_shared());
        let add = async move |connection: &mut SqlConnection| {
            add_code(connection, code, &live, shared).await
        };
        self.database.write_addition(add).await
    }

    /// Redeems a code. One that was redeemed before ends what it gave.
    ///
    /// # Errors
    /// When the database cannot be written, or the session is of unknown state.
    pub(crate) async fn redeem_code(
        &self,
        redemption: CodeRedemption,
    ) -> Result<Exchanged, StoreError> {
        if !self.has_code(&redemption.presented).await? {
            return Ok(Exchanged::Refused);
        }
        let (live, shared) = (self.live.clone(), self.database.is_shared());
        let redeem = async move |connection: &mut SqlConnection| {
            redeem(connection, &redemption, &live, shared).await
        };
        self.database.write_addition(redeem).await
    }

    /// Whether the client has this code, spent or not. Anybody may send codes: the writer is for those
    /// that exist.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub(in crate::store) async fn has_code(
        &self,
        presented: &CodePresentation,
    ) -> Result<bool, Unavailable> {
        Ok(find_code(&mut self.reader().await?, presented).await?.is_some())
    }
}

async fn add_code(
    connection: &mut SqlConnection,
    code: NewCode,
    live: &LiveSessions,
    shared: bool,
) -> Result<(), CodeError> {
    if let Some(request) = &code.request
        && !remove(connection, request).await?
    {
        return Err(CodeError::RequestOver);
    }
    let facts = SessionFacts::find(connection, code.session, code.now).await?;
    let holder = match facts {
        Some(facts) => judge(connection, facts, code.client, code.now, live, shared).await?,
        None => None,
    };
    if holder.is_none() {
        return Err(CodeError::SessionOver);
    }
    // A session that another one vouched for would outlive that one by those it vouches for.
    if code.client.is_first_party() && is_vouched(connection, code.session).await? {
        return Err(CodeError::SessionOver);
    }
    make_room(connection, code.session).await?;
    query(
        "INSERT INTO client_authorizations (client, session, code_hash, code_challenge,
             redirect_uri, scope, nonce, code_expires_at, expires_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
    )
    .bind(code.client.to_string())
    .bind(code.session)
    .bind(code.hash.as_bytes())
    .bind(&code.code_challenge)
    .bind(&code.redirect_uri)
    .bind(&code.scope)
    .bind(code.nonce.as_deref())
    .bind(code.expires_at.timestamp_millis())
    .bind(code.expires_at.timestamp_millis())
    .execute(connection)
    .await?;
    Ok(())
}

async fn make_room(connection: &mut SqlConnection, session: i64) -> Result<(), sqlx::Error> {
    query(
        "DELETE FROM client_authorizations WHERE number IN (
             SELECT number FROM client_authorizations WHERE session = $1
             ORDER BY number DESC LIMIT 1000 OFFSET $2)",
    )
    .bind(session)
    .bind(MOST_OF_SESSION - 1)
    .execute(connection)
    .await?;
    Ok(())
}

/// A stored code.
pub(in crate::store) struct StoredCode {
    pub(in crate::store) number: i64,
    code_challenge: String,
    redirect_uri: String,
    scope: String,
    nonce: Option<String>,
    code_expires_at: i64,
    redeemed: bool,
    /// What a first-party client got for it.
    pub(in crate::store) begun_session: Option<i64>,
    pub(in crate::store) session: SessionFacts,
}

/// The judgement of a code that a client presents.
pub(in crate::store) enum Spent {
    /// It is spent now, and the client may have what it stands for.
    First(Box<StoredCode>, LiveHolder),
    /// It was spent before. The authorization has ended.
    Again(Box<StoredCode>, LiveHolder),
    /// It is not valid.
    Invalid,
}

/// Judges a code and spends it. Everything else than success is decided before anything is written,
/// except that a code that is presented is spent: it cannot be presented with another verifier.
///
/// # Errors
/// When the database cannot be written, or the session is of unknown state.
pub(in crate::store) async fn spend(
    connection: &mut SqlConnection,
    presented: &CodePresentation,
    live: &LiveSessions,
    shared: bool,
) -> Result<Spent, StoreError> {
    let Some(code) = find_code(connection, presented).await? else {
        return Ok(Spent::Invalid);
    };
    let session = code.session.clone();
    let holder = judge(connection, session, presented.client, presented.now, live, shared).await?;
    if code.redeemed || holder.is_none() || !code.is_answered_by(presented) {
        end(connection, code.number).await?;
        return Ok(match holder {
            Some(holder) if code.redeemed => Spent::Again(Box::new(code), holder),
            _ => Spent::Invalid,
        });
    }
    let Some(holder) = holder else {
        return Ok(Spent::Invalid);
    };
    query("UPDATE client_authorizations SET redeemed = TRUE WHERE number = $1")
        .bind(code.number)
        .execute(connection)
        .await?;
    Ok(Spent::First(Box::new(code), holder))
}

async fn redeem(
    connection: &mut SqlConnection,
    redemption: &CodeRedemption,
    live: &LiveSessions,
    shared: bool,
) -> Result<Exchanged, StoreError> {
    let spent = spend(connection, &redemption.presented, live, shared).await?;
    let (code, LiveHolder { account, session_id, ends_at }) = match spent {
        Spent::First(code, holder) => (code, holder),
        Spent::Again(_, LiveHolder { account, session_id, .. }) => {
            return Ok(Exchanged::Reused(Box::new(ReusedGrant { account, session_id })));
        }
        Spent::Invalid => return Ok(Exchanged::Refused),
    };
    let session = &code.session;
    note_client(connection, redemption.presented.client, session.number, session.user).await?;
    let scope = OidcScope::parse(&code.scope).unwrap_or_default();
    let tokens = redemption.tokens.ending_by(ends_at);
    insert_tokens(connection, code.number, &tokens, scope.offline_access).await?;
    Ok(Exchanged::Granted(Box::new(ClientGrant {
        account,
        session_id,
        scope,
        nonce: code.nonce,
        token_nonce: None,
        access_expires_at: tokens.access_expires_at,
    })))
}

impl StoredCode {
    /// Whether the client presents the code in time, with its verifier and its address.
    fn is_answered_by(&self, presented: &CodePresentation) -> bool {
        let challenge = CodeChallenge::parse(&self.code_challenge);
        let answered = presented.challenge.as_deref();
        let has_verifier =
            challenge.zip(answered).is_some_and(|(stored, answered)| stored.is(answered));
        has_verifier
            && self.redirect_uri == presented.redirect_uri
            && presented.now.timestamp_millis() < self.code_expires_at
    }
}

/// The code, if it is one of this client. Others may have it, and cannot end anything with it.
async fn find_code(
    connection: &mut SqlConnection,
    presented: &CodePresentation,
) -> Result<Option<StoredCode>, sqlx::Error> {
    query(
        "SELECT client_authorizations.number AS authorization_number, code_challenge,
                redirect_uri, scope, nonce, code_expires_at, redeemed, begun_session,
                sessions.number, sessions.id, user_number, epoch, ends_at
         FROM client_authorizations
         JOIN live_sessions AS sessions ON sessions.number = client_authorizations.session
         WHERE code_hash = $1 AND client = $3 AND ends_at > $2 AND sessions.expires_at > $2",
    )
    .bind(presented.code.as_bytes())
    .bind(presented.now.timestamp_millis())
    .bind(presented.client.to_string())
    .fetch_optional(connection)
    .await
}

/// Ends an authorization and all of its tokens.
///
/// # Errors
/// When the database cannot be written.
pub(super) async fn end(connection: &mut SqlConnection, number: i64) -> Result<(), sqlx::Error> {
    let end = query("DELETE FROM client_authorizations WHERE number = $1").bind(number);
    end.execute(connection).await?;
    Ok(())
}

impl FromSqlRow for StoredCode {
    fn from_row(row: &SqlRow) -> Result<Self, sqlx::Error> {
        Ok(Self {
            number: row.get("authorization_number")?,
            code_challenge: row.get("code_challenge")?,
            redirect_uri: row.get("redirect_uri")?,
            scope: row.get("scope")?,
            nonce: row.get("nonce")?,
            code_expires_at: row.get("code_expires_at")?,
            redeemed: row.get("redeemed")?,
            begun_session: row.get("begun_session")?,
            session: SessionFacts::from_row(row)?,
        })
    }
}
