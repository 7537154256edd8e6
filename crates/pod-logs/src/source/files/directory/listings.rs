//! What directories list, remembered for as long as they do not change.
//!
//! A directory's time of modification changes with every entry that comes, goes or is renamed. So
//! asking for that time, which is one call, tells whether a listing made earlier still holds. No
//! notification of changes is needed: a pod that was made a moment ago is found, and a file that
//! was rotated a moment ago is seen.
//!
//! Two changes within one tick of the file system's clock leave the same time. So a listing counts
//! only if it was made [`TICK`] after its time was first seen: then nothing more can come with it.

use std::{
    collections::HashMap,
    io,
    os::fd::AsFd,
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use rustix::fs::fstat;

use super::beneath::{self, DirectoryEntry};

/// More than the file system's clock takes from one tick to the next.
const TICK: Duration = Duration::from_millis(50);
/// After this long a listing is made again whatever the directory says, should its clock have been
/// set back.
const MAX_AGE: Duration = Duration::from_secs(1);
/// How many directories are remembered.
const MAX_REMEMBERED: usize = 4096;

/// What directories list, as something that was made of it.
#[derive(Debug)]
pub(crate) struct Listings<T>(Mutex<HashMap<DirectoryId, Listing<T>>>);

/// Device and inode.
type DirectoryId = (u64, u64);
/// In seconds and nanoseconds.
type Modified = (i64, u64);

#[derive(Debug)]
struct Listing<T> {
    modified: Modified,
    /// When the directory was first seen with that time.
    first_seen: Instant,
    made: Instant,
    listed: Arc<T>,
}

impl<T> Listings<T> {
    pub(crate) fn new() -> Self {
        Self(Mutex::default())
    }

    /// What the directory lists at this moment.
    pub(crate) fn of(
        &self,
        directory: impl AsFd,
        now: Instant,
        make: impl FnOnce(Vec<DirectoryEntry>) -> T,
    ) -> io::Result<Arc<T>> {
        let stat = fstat(&directory)?;
        let id = (stat.st_dev, stat.st_ino);
        let modified = (stat.st_mtime, stat.st_mtime_nsec);
        let first_seen = match self.known(id, modified, now) {
            KnownListing::Listed(listed) => return Ok(listed),
            KnownListing::FirstSeen(first_seen) => first_seen,
        };
        let listed = Arc::new(make(beneath::entries_of(directory)?));
        let listing = Listing { modified, first_seen, made: now, listed: listed.clone() };
        self.remember(id, listing);
        Ok(listed)
    }

    fn known(&self, id: DirectoryId, modified: Modified, now: Instant) -> KnownListing<T> {
        let listings = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match listings.get(&id) {
            Some(listing) if listing.modified == modified => {
                let is_final = listing.made.duration_since(listing.first_seen) >= TICK;
                match is_final && now.duration_since(listing.made) < MAX_AGE {
                    true => KnownListing::Listed(listing.listed.clone()),
                    false => KnownListing::FirstSeen(listing.first_seen),
                }
            }
            _ => KnownListing::FirstSeen(now),
        }
    }

    fn remember(&self, id: DirectoryId, listing: Listing<T>) {
        // The map is whole whatever panicked.
        let mut listings = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if listings.len() >= MAX_REMEMBERED && !listings.contains_key(&id) {
            listings.clear();
        }
        listings.insert(id, listing);
    }
}

/// What is known of a directory with this time of modification.
enum KnownListing<T> {
    Listed(Arc<T>),
    /// No listing that counts; since when it has been seen with that time.
    FirstSeen(Instant),
}

#[cfg(test)]
mod tests {
    use std::{fs, fs::File, time::SystemTime};

    use super::*;

    /// A directory whose clock stands still until it is set.
    struct ListedDirectory {
        root: tempfile::TempDir,
        directory: File,
        listings: Listings<usize>,
        start: Instant,
    }

    impl ListedDirectory {
        fn new() -> Self {
            let root = tempfile::tempdir().unwrap();
            let directory = File::open(root.path()).unwrap();
            Self { root, directory, listings: Listings::new(), start: Instant::now() }
        }

        fn write(&self, name: &str, second: u64) {
            fs::write(self.root.path().join(name), "").unwrap();
            let modified = SystemTime::UNIX_EPOCH + Duration::from_secs(second);
            self.directory.set_modified(modified).unwrap();
        }

        /// How many entries there seem to be.
        #[track_caller]
        fn check(&self, milliseconds: u64, expected: usize) {
            let now = self.start + Duration::from_millis(milliseconds);
            let listed = self.listings.of(&self.directory, now, |entries| {
                entries.iter().filter(|entry| !entry.name.starts_with('.')).count()
            });
            assert_eq!(*listed.unwrap(), expected);
        }
    }

    #[test]
    fn a_directory_is_listed_again_when_its_time_changed() {
        let scene = ListedDirectory::new();
        scene.write("a", 1);
        scene.check(0, 1);
        scene.check(100, 1);
        // Only setting the clock can do this: the listing is remembered.
        scene.write("b", 1);
        scene.check(101, 1);
        scene.write("c", 2);
        scene.check(102, 3);
    }

    #[test]
    fn a_file_created_within_the_same_clock_tick_is_listed() {
        let scene = ListedDirectory::new();
        scene.write("a", 1);
        scene.check(0, 1);
        scene.write("b", 1);
        scene.check(1, 2);
        scene.write("c", 1);
        scene.check(49, 3);
    }

    #[test]
    fn a_listing_does_not_grow_old() {
        let scene = ListedDirectory::new();
        scene.write("a", 1);
        scene.check(0, 1);
        scene.check(100, 1);
        scene.write("b", 1);
        scene.check(1200, 2);
    }

    #[test]
    fn the_number_of_remembered_listings_is_bounded() {
        let scene = ListedDirectory::new();
        for inode in 0..2 * MAX_REMEMBERED as u64 {
            let (now, listed) = (scene.start, Arc::new(0));
            let listing = Listing { modified: (0, 0), first_seen: now, made: now, listed };
            scene.listings.remember((u64::MAX, inode), listing);
        }
        scene.check(0, 0);
        assert!(scene.listings.0.lock().unwrap().len() <= MAX_REMEMBERED);
    }
}
