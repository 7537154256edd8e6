//! How many streams a user has open.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use crate::auth::Credential;

/// Counts the open log bodies of each user.
#[derive(Debug)]
pub(crate) struct OpenStreams {
    counts: Mutex<HashMap<Arc<str>, usize>>,
    max_per_user: usize,
}

/// A place among a user's open bodies, given back when dropped.
#[derive(Debug)]
pub(crate) struct StreamPermit {
    /// `None` for a body that is counted elsewhere.
    counted: Option<(Arc<OpenStreams>, Arc<str>)>,
}

impl OpenStreams {
    pub(crate) fn new(max_per_user: usize) -> Self {
        Self { counts: Mutex::default(), max_per_user }
    }

    /// `None` when the user has as many as are allowed. A front counts the bodies that it forwards.
    pub(crate) fn open(
        self: &Arc<Self>,
        username: &Arc<str>,
        credential: &Credential,
    ) -> Option<StreamPermit> {
        match credential {
            Credential::Token(_) => self.count(username),
            Credential::Front => Some(StreamPermit { counted: None }),
        }
    }

    fn count(self: &Arc<Self>, username: &Arc<str>) -> Option<StreamPermit> {
        let mut counts = self.counts();
        let count = counts.entry(username.clone()).or_default();
        if *count >= self.max_per_user {
            return None;
        }
        *count += 1;
        Some(StreamPermit { counted: Some((self.clone(), username.clone())) })
    }

    pub(crate) fn max_per_user(&self) -> usize {
        self.max_per_user
    }

    fn counts(&self) -> MutexGuard<'_, HashMap<Arc<str>, usize>> {
        // Each change is whole.
        self.counts.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for StreamPermit {
    fn drop(&mut self) {
        let Some((streams, username)) = &self.counted else {
            return;
        };
        let mut counts = streams.counts();
        if let Some(count) = counts.get_mut(&**username) {
            *count -= 1;
            // So that the map holds only users that read.
            if *count == 0 {
                counts.remove(&**username);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_user_has_a_limited_number_of_streams_and_regains_closed_ones() {
        let (streams, ada) = (Arc::new(OpenStreams::new(2)), "ada".into());
        let first = streams.count(&ada).unwrap();
        let _second = streams.count(&ada).unwrap();
        assert!(streams.count(&ada).is_none());
        assert!(streams.count(&"bob".into()).is_some());
        assert!(streams.open(&ada, &Credential::Front).is_some());
        drop(first);
        assert!(streams.count(&ada).is_some());
        assert_eq!(streams.counts().len(), 1);
    }
}
