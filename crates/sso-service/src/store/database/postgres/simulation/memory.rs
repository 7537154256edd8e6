//! The memory of a simulated instance: the tokens that are valid.

use std::{
    collections::BTreeSet,
    sync::{Arc, Mutex},
};

use super::server::{Change, Effect, ModelServer, Tables, Token};
use crate::store::database::follow::{Follow, FollowError, Position};

/// How many changes are applied at a time.
const BATCH: usize = 3;

/// The tokens that an instance knows. Clones share them.
#[derive(Debug, Clone, Default)]
pub(super) struct Memory(Arc<Mutex<BTreeSet<Token>>>);

impl Memory {
    pub(super) fn knows(&self, token: Token) -> bool {
        self.0.lock().unwrap().contains(&token)
    }

    fn apply(&self, effect: Effect) {
        let mut tokens = self.0.lock().unwrap();
        match effect {
            Effect::Issues(token) => {
                tokens.insert(token);
            }
            Effect::Revokes(token) => {
                tokens.remove(&token);
            }
            Effect::EndsAll => tokens.clear(),
        }
    }
}

/// Applies changes to the memory of an instance.
#[derive(Debug)]
pub(super) struct ModelFollower {
    memory: Memory,
    position: Position,
}

impl ModelFollower {
    pub(super) fn new(memory: Memory) -> Self {
        Self { memory, position: Position::default() }
    }

    /// Everything that is valid, of one instant.
    async fn load(&mut self, server: &ModelServer) -> Result<(), FollowError> {
        let (valid, position) = server.call(|tables| tables.valid()).await?;
        valid.into_iter().for_each(|token| self.memory.apply(Effect::Issues(token)));
        self.position = position;
        Ok(())
    }
}

impl Follow<ModelServer> for ModelFollower {
    async fn catch_up(&mut self, server: &mut ModelServer) -> Result<(), FollowError> {
        if self.position.change == 0 {
            self.load(server).await?;
        }
        loop {
            let seen = self.position.clone();
            let next = server.call(move |tables| tables.after(&seen)).await?;
            let next = next.ok_or(FollowError::Gap)?;
            for change in &next {
                self.memory.apply(change.effect);
                self.position = change.position.clone();
            }
            if next.len() < BATCH {
                return Ok(());
            }
        }
    }

    fn position(&self) -> Position {
        self.position.clone()
    }

    fn note_sessions(&self, _: i64) {}

    fn forget(&mut self) {
        self.memory.apply(Effect::EndsAll);
        self.position = Position::default();
    }
}

impl Tables {
    /// The next changes, if the last known one is still there.
    fn after(&self, seen: &Position) -> Option<Vec<Change>> {
        let known = self.changes.iter().position(|change| change.position == *seen)?;
        Some(self.changes.iter().skip(known + 1).take(BATCH).cloned().collect())
    }

    fn valid(&self) -> (BTreeSet<Token>, Position) {
        let last = self.changes.last().map(|change| change.position.clone());
        (self.valid.clone(), last.unwrap_or_default())
    }
}
