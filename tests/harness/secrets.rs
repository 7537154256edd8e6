//! The passwords and tokens of a test, which must never be logged.

use std::{
    collections::BTreeSet,
    sync::{Arc, Mutex},
};

/// Shared by the callers, which add secrets, and the check of the logs.
#[derive(Debug, Clone, Default)]
pub(crate) struct Secrets(Arc<Mutex<BTreeSet<String>>>);

impl Secrets {
    /// Short secrets are ignored: they would occur by chance.
    const SHORTEST: usize = 8;

    pub(super) fn learn(&self, secret: &str) {
        if secret.len() >= Self::SHORTEST {
            self.0.lock().unwrap().insert(secret.to_owned());
        }
    }

    /// # Panics
    /// When the text contains a secret.
    pub(super) fn check_absent_from(&self, text: &str) {
        for secret in &*self.0.lock().unwrap() {
            assert!(!text.contains(secret), "the secret {secret} was logged:\n{text}");
        }
    }
}
