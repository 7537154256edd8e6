//! What must never be logged: every password and token that a test uses.

use std::{
    collections::BTreeSet,
    sync::{Arc, Mutex},
};

/// Shared by the callers, which learn secrets, and the check of the logs.
#[derive(Debug, Clone, Default)]
pub(crate) struct Secrets(Arc<Mutex<BTreeSet<String>>>);

impl Secrets {
    /// Too short ones would be found by accident.
    const SHORTEST: usize = 8;

    pub(super) fn learn(&self, secret: &str) {
        if secret.len() >= Self::SHORTEST {
            self.0.lock().unwrap().insert(secret.to_owned());
        }
    }

    /// # Panics
    /// When a secret stands in the text.
    pub(super) fn check_absent_from(&self, text: &str) {
        for secret in &*self.0.lock().unwrap() {
            assert!(!text.contains(secret), "the secret {secret} was logged:\n{text}");
        }
    }
}
