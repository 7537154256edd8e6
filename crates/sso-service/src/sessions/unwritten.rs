//! Sessions of which something is known in memory and not yet in the database.

use std::{
    mem,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
};

use super::live_session::LiveSession;

/// Sessions of which something is to be written. Each is in it once, and a flag of the session
/// says so.
#[derive(Debug)]
pub(super) struct Unwritten {
    sessions: Mutex<Vec<Arc<LiveSession>>>,
    flag: fn(&LiveSession) -> &AtomicBool,
}

impl Unwritten {
    pub(super) fn new(flag: fn(&LiveSession) -> &AtomicBool) -> Self {
        Self { sessions: Mutex::default(), flag }
    }

    pub(super) fn add(&self, session: &Arc<LiveSession>) {
        if !(self.flag)(session).swap(true, Ordering::SeqCst) {
            lock(&self.sessions).push(session.clone());
        }
    }

    pub(super) fn take(&self) -> Vec<Arc<LiveSession>> {
        let sessions = mem::take(&mut *lock(&self.sessions));
        for session in &sessions {
            // Before the value to write is read: a later change adds the session again.
            (self.flag)(session).store(false, Ordering::SeqCst);
        }
        sessions
    }
}

/// A panic while one of these is locked leaves it whole.
pub(super) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
