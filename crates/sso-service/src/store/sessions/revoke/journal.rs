//! Revocations on the disk while the database cannot be written: they outlive the process.
//!
//! The file lies beside the database and has its size from the start, so that writing to it needs
//! no room on a full disk. It has two slots, which are written in turn: one of them is whole.

use std::{
    fs::{File, OpenOptions},
    io::{self, Read},
    os::unix::fs::{FileExt, OpenOptionsExt},
    path::Path,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use sha2::{Digest, Sha256};

use crate::{
    sessions::PendingRevocations,
    store::{
        database::{FailedSync, sync_directory_of},
        location::Location,
    },
};

/// The size of a slot, in bytes: it holds some thousand sessions.
const SLOT: usize = 64 * 1024;
/// A slot begins with its turn, the length of its text and the first bytes of the text's SHA-256.
const HEAD: usize = 8 + 8 + 16;

/// The journal of a database. One in memory has none.
#[derive(Debug, Clone, Default)]
pub(in crate::store) struct Journal(Option<Arc<Mutex<JournalFile>>>);

#[derive(Debug)]
struct JournalFile {
    file: File,
    /// How often it was written, ever.
    turn: u64,
    /// The revocations in it.
    pending: PendingRevocations,
}

impl Journal {
    /// The journal beside a database, made if it is not there.
    ///
    /// # Errors
    /// When it cannot be made or read.
    pub(in crate::store) fn open(location: &Location) -> io::Result<Self> {
        let Location::File(database) = location else {
            return Ok(Self(None));
        };
        let mut path = database.clone().into_os_string();
        path.push(".revocations");
        Ok(Self(Some(Arc::new(Mutex::new(JournalFile::open(Path::new(&path))?)))))
    }

    /// Whether there is one: the sessions of a server are in no file of this machine.
    pub(super) fn is_kept(&self) -> bool {
        self.0.is_some()
    }

    /// The revocations in it.
    pub(super) fn pending(&self) -> PendingRevocations {
        self.0.as_ref().map(|file| lock(file).pending.clone()).unwrap_or_default()
    }

    /// Replaces its content by these. Waits for the disk, unless it holds them already.
    ///
    /// # Errors
    /// When the file cannot be written or synced. If it cannot be written, it keeps its content.
    pub(super) fn write(&self, pending: PendingRevocations) -> Result<(), WriteJournalError> {
        match &self.0 {
            Some(file) => lock(file).write(pending),
            None => Ok(()),
        }
    }
}

impl JournalFile {
    fn open(path: &Path) -> io::Result<Self> {
        let mut options = OpenOptions::new();
        let file =
            options.read(true).write(true).create(true).truncate(false).mode(0o600).open(path)?;
        let mut slots = Vec::with_capacity(2 * SLOT);
        (&file).read_to_end(&mut slots)?;
        slots.resize(2 * SLOT, 0);
        // Anew: after a failed sync they may be in the memory of the kernel alone.
        file.write_all_at(&slots, 0)?;
        file.sync_all()?;
        sync_directory_of(path)?;
        let newest = slots.chunks(SLOT).filter_map(parse).max_by_key(|(turn, _)| *turn);
        let (turn, pending) = newest.unwrap_or_default();
        Ok(Self { file, turn, pending })
    }

    fn write(&mut self, pending: PendingRevocations) -> Result<(), WriteJournalError> {
        if pending == self.pending {
            return Ok(());
        }
        let text = serde_json::to_vec(&pending).map_err(io::Error::from)?;
        if text.len() > SLOT - HEAD {
            return Err(io::Error::other("too many revocations").into());
        }
        let turn = self.turn + 1;
        let mut slot = Vec::with_capacity(HEAD + text.len());
        slot.extend_from_slice(&turn.to_le_bytes());
        slot.extend_from_slice(&(text.len() as u64).to_le_bytes());
        slot.extend_from_slice(&checksum(turn, &text));
        slot.extend_from_slice(&text);
        self.file.write_all_at(&slot, (turn % 2) * SLOT as u64)?;
        self.file.sync_data().map_err(|error| WriteJournalError::Sync(error.into()))?;
        (self.turn, self.pending) = (turn, pending);
        Ok(())
    }
}

/// Revocations could not be recorded.
#[derive(Debug, thiserror::Error)]
pub(super) enum WriteJournalError {
    /// The file has no room for them, or cannot be written.
    #[error(transparent)]
    Write(#[from] io::Error),
    /// It cannot be synced: they may be on the disk or not.
    #[error(transparent)]
    Sync(FailedSync),
}

/// A panic while it is locked leaves it whole.
fn lock(file: &Mutex<JournalFile>) -> MutexGuard<'_, JournalFile> {
    file.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The turn and the revocations of a slot, if it is whole.
fn parse(slot: &[u8]) -> Option<(u64, PendingRevocations)> {
    let (turn, rest) = slot.split_first_chunk()?;
    let (length, rest) = rest.split_first_chunk()?;
    let (sum, rest) = rest.split_first_chunk::<16>()?;
    let turn = u64::from_le_bytes(*turn);
    let text = rest.get(..usize::try_from(u64::from_le_bytes(*length)).ok()?)?;
    if *sum != checksum(turn, text) {
        return None;
    }
    Some((turn, serde_json::from_slice(text).ok()?))
}

fn checksum(turn: u64, text: &[u8]) -> [u8; 16] {
    let digest = Sha256::new().chain_update(turn.to_le_bytes()).chain_update(text).finalize();
    let mut sum = [0; 16];
    sum.copy_from_slice(&digest[..16]);
    sum
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    fn pending(sessions: impl IntoIterator<Item = i64>) -> PendingRevocations {
        PendingRevocations {
            sessions: sessions.into_iter().collect(),
            ..PendingRevocations::default()
        }
    }

    #[test]
    fn the_newest_intact_slot_is_read() {
        let directory = tempfile::tempdir().unwrap();
        let location = Location::File(directory.path().join("sso.db"));
        let path = directory.path().join("sso.db.revocations");
        assert_eq!(Journal::open(&location).unwrap().pending(), PendingRevocations::default());
        let size = fs::metadata(&path).unwrap().len();
        for last in 1..5 {
            let journal = Journal::open(&location).unwrap();
            journal.write(pending(0..last)).unwrap();
            assert_eq!(Journal::open(&location).unwrap().pending(), pending(0..last));
        }
        // As if the fourth turn had been cut off in the middle.
        let mut bytes = fs::read(&path).unwrap();
        bytes[HEAD + 3] ^= 1;
        fs::write(&path, bytes).unwrap();
        assert_eq!(Journal::open(&location).unwrap().pending(), pending(0..3));
        assert_eq!(fs::metadata(&path).unwrap().len(), size);
    }

    #[test]
    fn too_many_revocations_leave_the_journal_unchanged() {
        let directory = tempfile::tempdir().unwrap();
        let location = Location::File(directory.path().join("sso.db"));
        let journal = Journal::open(&location).unwrap();
        journal.write(pending([1])).unwrap();
        journal.write(pending(0..100_000)).unwrap_err();
        assert_eq!(Journal::open(&location).unwrap().pending(), pending([1]));
    }

    #[test]
    fn a_database_in_memory_has_no_journal() {
        let journal = Journal::open(&Location::Memory).unwrap();
        journal.write(pending([1])).unwrap();
        assert_eq!(journal.pending(), PendingRevocations::default());
    }
}
