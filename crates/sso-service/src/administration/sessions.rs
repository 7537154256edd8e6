//! Sessions of users.

use std::{io, time::Duration};

use chrono::SubsecRound;
use shared_types::TokenKind;
use uuid::Uuid;

use super::{actor::Actor, error::AdministrationError, service::Administration};
use crate::{
    audit::{Event, Kind},
    page::{Page, Part},
    sessions::{MintedSessions, SessionDetails, SessionOfUser},
    store::Unavailable,
    tokens::PlainToken,
    users::{RevocationScope, Username},
};

/// How many sessions are minted at a time: log-ins wait for no longer than these take.
const MINT_STEP: usize = 2000;

/// Sessions to be begun without a log-in.
#[derive(Debug)]
pub(crate) struct Minting {
    /// The user of all of them.
    pub(crate) user: Username,
    /// Their number.
    pub(crate) count: usize,
    /// How long they live. They cannot be renewed.
    pub(crate) ttl: Duration,
}

impl Administration {
    /// A page of a user's sessions, the newest first.
    ///
    /// # Errors
    /// When the user does not exist, or the database cannot be read.
    pub(crate) async fn sessions_of(
        &self,
        username: &Username,
        part: &Part<Uuid>,
    ) -> Result<Page<SessionDetails>, AdministrationError> {
        let user = self.user(username).await?;
        Ok(self.store.sessions_of(user.number, part, self.now()).await?)
    }

    /// Shows the sessions of all users, the oldest first, or those of one user.
    ///
    /// # Errors
    /// When the database cannot be read, or the error of `show`.
    pub(crate) async fn each_session<E: From<Unavailable>>(
        &self,
        user: Option<&Username>,
        show: impl FnMut(SessionOfUser) -> Result<(), E>,
    ) -> Result<(), E> {
        self.store.each_session(user, self.now(), show).await
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
        let by = self.by(actor, vec![event]);
        let ended = self.store.end_sessions_of(username.clone(), by).await;
        self.recorded_or_unwritten(actor, ended, &username, Some(RevocationScope::Sessions))
    }

    /// Ends the sessions of all users at once.
    ///
    /// # Errors
    /// When the database cannot be written.
    pub(crate) async fn end_all_sessions(
        &self,
        actor: Actor<'_>,
    ) -> Result<(), AdministrationError> {
        let by = self.by(actor, vec![self.event(actor, Kind::AdminRevoke, "all_sessions")]);
        self.recorded(self.store.end_all_sessions(by).await?);
        Ok(())
    }

    /// Begins sessions of a user from the shell, beyond any limit: for load tests, and for a user
    /// who cannot log in. Hands out their tokens as soon as those are on the disk.
    ///
    /// # Errors
    /// When no enabled user has this name, the database cannot be written, or the tokens cannot be
    /// handed out. Tokens that were handed out stay valid.
    pub(crate) async fn mint_sessions(
        &self,
        minting: &Minting,
        hand_out: impl FnMut(&[PlainToken]) -> io::Result<()>,
    ) -> Result<(), AdministrationError> {
        let event = Event::from_shell(Kind::SessionsMinted, self.now());
        let mut series = MintSeries { event: event.on(minting.user.as_str()), begun: 0, row: None };
        let minted = self.mint_all(&mut series, minting, hand_out).await;
        // Also when the reader of the tokens went away in the middle.
        if series.begun > 0 {
            self.record_line(series.event.times(series.begun));
        }
        minted
    }

    async fn mint_all(
        &self,
        series: &mut MintSeries,
        minting: &Minting,
        mut hand_out: impl FnMut(&[PlainToken]) -> io::Result<()>,
    ) -> Result<(), AdministrationError> {
        let ends_at = (self.now() + minting.ttl).trunc_subsecs(3);
        let mut left = minting.count;
        while left > 0 {
            let step = left.min(MINT_STEP);
            let generate = |_| PlainToken::generate(TokenKind::Session);
            let tokens: Vec<PlainToken> = (0..step).map(generate).collect::<Result<_, _>>()?;
            let minted = MintedSessions {
                user: minting.user.clone(),
                tokens: tokens.iter().map(PlainToken::hash).collect(),
                now: self.now(),
                ends_at,
            };
            let count = series.begun + step as u64;
            let event = series.event.clone().times(count);
            let row = self.store.mint_sessions(minted, event, series.row).await?;
            series.row = Some(row);
            series.begun = count;
            hand_out(&tokens).map_err(AdministrationError::HandOut)?;
            left -= step;
        }
        Ok(())
    }
}

/// The one event of all sessions that a command begins.
struct MintSeries {
    event: Event,
    /// How many have begun.
    begun: u64,
    /// The number of the row of the event, once it is written.
    row: Option<i64>,
}
