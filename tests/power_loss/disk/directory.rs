//! The files of a directory, in memory and on the disk.

use std::{
    collections::{BTreeMap, HashMap},
    fs,
    os::unix::fs::{MetadataExt, PermissionsExt},
    path::{Path, PathBuf},
};

use fastrand::Rng;

use super::{
    contents::Contents,
    log::{self, Record},
    survival::Survival,
};

/// The names of a directory, each with the number of a file: an inode may be used again.
type Names = BTreeMap<String, usize>;

/// The files of a directory, which has no subdirectories, in memory and on the disk.
#[derive(Debug)]
pub(crate) struct Disk {
    directory: PathBuf,
    /// Of the directory.
    inode: u64,
    files: Vec<Contents>,
    /// The newest file of each inode.
    inodes: HashMap<u64, usize>,
    seen: Names,
    stored: Names,
    /// The names after each change since the directory was synced.
    changes: Vec<(u64, Names)>,
    /// The calls since the power came on.
    calls: u64,
    kind: DiskKind,
}

/// What a disk does when it is told to sync.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum DiskKind {
    /// It keeps what was written.
    Honest,
    /// Nothing, and reports success.
    IgnoresSyncs,
}

/// What a process did to the files.
#[derive(Debug, Default, Clone, Copy)]
pub(crate) struct Replayed {
    /// A sync of a file failed.
    pub(crate) sync_failed: bool,
    /// A sync of the directory failed. SQLite ignores that.
    pub(crate) directory_sync_failed: bool,
    /// The layer killed the process.
    pub(crate) was_cut: bool,
}

impl Replayed {
    /// Whether a request may have got no answer.
    pub(crate) fn is_fault(self) -> bool {
        self.sync_failed || self.directory_sync_failed || self.was_cut
    }
}

impl Disk {
    /// A directory with all that it contains now on the disk.
    pub(crate) fn of(directory: &Path, kind: DiskKind) -> Self {
        let mut disk = Self {
            directory: directory.to_owned(),
            inode: fs::metadata(directory).unwrap().ino(),
            files: Vec::new(),
            inodes: HashMap::new(),
            seen: Names::new(),
            stored: Names::new(),
            changes: Vec::new(),
            calls: 0,
            kind,
        };
        disk.read();
        disk
    }

    fn read(&mut self) {
        for entry in fs::read_dir(&self.directory).unwrap() {
            let entry = entry.unwrap();
            let file = self.add(entry.metadata().unwrap().ino());
            self.files[file] = Contents::stored(fs::read(entry.path()).unwrap());
            self.stored.insert(entry.file_name().into_string().unwrap(), file);
        }
        self.seen = self.stored.clone();
    }

    fn add(&mut self, inode: u64) -> usize {
        self.files.push(Contents::default());
        self.inodes.insert(inode, self.files.len() - 1);
        self.files.len() - 1
    }

    /// Takes over what processes did, by their log, which is removed.
    ///
    /// # Panics
    /// When the directory is not as the log says: the layer has missed a call.
    pub(crate) fn replay(&mut self, log: &Path, random: &mut Rng) -> Replayed {
        let mut replayed = Replayed::default();
        for record in log::read(log) {
            match record {
                Record::SyncFailed { inode } if inode == self.inode => {
                    replayed.directory_sync_failed = true;
                }
                Record::SyncFailed { .. } => replayed.sync_failed = true,
                _ => {}
            }
            replayed.was_cut |= record == Record::Cut;
            self.calls += 1;
            self.apply(record, random);
        }
        let _ = fs::remove_file(log);
        self.check();
        replayed
    }

    /// Whether a sync of a file has failed in a process that may be running.
    pub(crate) fn has_failed_sync(&self, log: &Path) -> bool {
        let of_file =
            |record| matches!(record, Record::SyncFailed { inode } if inode != self.inode);
        log::read_running(log).into_iter().any(of_file)
    }

    fn apply(&mut self, record: Record, random: &mut Rng) {
        let call = self.calls;
        match record {
            Record::Created { inode, name } => {
                let file = self.add(inode);
                self.change_names(|names| names.insert(name, file));
            }
            Record::Written { inode, offset, bytes } => {
                let offset = usize::try_from(offset).unwrap();
                self.files[self.inodes[&inode]].write(call, offset, &bytes);
            }
            Record::Truncated { inode, length } => {
                let length = usize::try_from(length).unwrap();
                self.files[self.inodes[&inode]].truncate(call, length);
            }
            Record::Unlinked { name } => self.change_names(|names| names.remove(&name)),
            Record::Renamed { old, new } => self.change_names(|names| {
                let file = names.remove(&old).unwrap();
                names.insert(new, file)
            }),
            Record::Synced { inode } if self.kind == DiskKind::Honest => self.sync(inode),
            Record::SyncFailed { inode } => self.fail_sync(inode, random),
            Record::Synced { .. } | Record::Cut => {}
        }
    }

    fn change_names<T>(&mut self, change: impl FnOnce(&mut Names) -> T) {
        change(&mut self.seen);
        self.changes.push((self.calls, self.seen.clone()));
    }

    fn sync(&mut self, inode: u64) {
        if inode == self.inode {
            self.stored = self.seen.clone();
            self.changes.clear();
        } else {
            self.files[self.inodes[&inode]].sync();
        }
    }

    /// The names are in the journal of the file system, which is not given up: after a failed sync
    /// of the directory they are as before.
    fn fail_sync(&mut self, inode: u64, random: &mut Rng) {
        if inode != self.inode {
            let survival = Survival::choose(random, self.calls);
            self.files[self.inodes[&inode]].fail_sync(survival, random);
        }
    }

    fn check(&self) {
        let mut names = Vec::new();
        for entry in fs::read_dir(&self.directory).unwrap() {
            let name = entry.unwrap().file_name().into_string().unwrap();
            let file = self.seen.get(&name).unwrap_or_else(|| panic!("{name} is not in the log"));
            if !is_memory_map(&name) {
                let contents = fs::read(self.directory.join(&name)).unwrap();
                assert!(contents == self.files[*file].seen, "{name} is not as in the log");
            }
            names.push(name);
        }
        assert_eq!(names.len(), self.seen.len(), "{names:?} {:?}", self.seen);
    }

    /// Cuts the power: the directory is as it is when the power comes back. Returns the number of
    /// sectors that were lost. No process may have the directory in use.
    pub(crate) fn cut_power(&mut self, survival: Survival, random: &mut Rng) -> usize {
        self.note_memory_maps();
        let survived = survival.count(&self.changes, random);
        let names = self.changes[..survived].last().map_or(&self.stored, |(_, names)| names);
        let mut contents = BTreeMap::new();
        let mut lost = 0;
        for (name, file) in names {
            let (bytes, of_file) = self.files[*file].clone().cut(survival, random);
            lost += of_file;
            contents.insert(name.clone(), bytes);
        }
        for name in self.seen.keys() {
            fs::remove_file(self.directory.join(name)).unwrap();
        }
        for (name, bytes) in contents {
            let path = self.directory.join(name);
            fs::write(&path, bytes).unwrap();
            fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
        }
        *self = Self::of(&self.directory, self.kind);
        lost
    }

    /// The layer does not see what is written through memory maps. Any part of it may be on the
    /// disk.
    fn note_memory_maps(&mut self) {
        let maps: Vec<_> = self.seen.iter().filter(|(name, _)| is_memory_map(name)).collect();
        for (name, file) in maps {
            let bytes = fs::read(self.directory.join(name)).unwrap();
            self.files[*file].write(self.calls, 0, &bytes);
        }
    }

    /// How many calls there were since the power came on.
    pub(crate) fn calls(&self) -> u64 {
        self.calls
    }
}

/// SQLite's index of the write-ahead log, which it makes anew after a crash.
fn is_memory_map(name: &str) -> bool {
    name.ends_with("-shm")
}
