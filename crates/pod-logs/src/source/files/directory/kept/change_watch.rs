//! Events about watched directories (`inotify(7)`), read when they are needed.

use std::{
    io,
    mem::MaybeUninit,
    os::fd::{AsFd, AsRawFd, OwnedFd},
};

use rustix::{
    fs::inotify::{self, CreateFlags, ReadFlags, Reader, WatchFlags},
    io::Errno,
};

/// A watched directory, as the kernel numbers it.
pub(super) type WatchId = i32;

/// How many events are read at once at most. More count as lost, so that nobody who renames files in
/// a loop makes requests read for long.
const MAX_EVENTS: usize = 1024;
/// The buffer for events, in bytes.
const BUFFER_BYTES: usize = 4096;

/// What is told: which names come, go or lead elsewhere, and who may read. Not that files were
/// written to.
const CHANGES: WatchFlags = WatchFlags::CREATE
    .union(WatchFlags::DELETE)
    .union(WatchFlags::MOVED_FROM)
    .union(WatchFlags::MOVED_TO)
    .union(WatchFlags::ATTRIB)
    .union(WatchFlags::DELETE_SELF)
    .union(WatchFlags::MOVE_SELF)
    .union(WatchFlags::ONLYDIR);

/// Events were lost: anything may have changed.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct EventsLost;

/// Watched directories, and the queue of what happened to them.
#[derive(Debug)]
pub(super) struct ChangeWatch(OwnedFd);

impl ChangeWatch {
    /// Watches nothing yet.
    ///
    /// # Errors
    /// When the user has as many queues as the system allows.
    pub(super) fn new() -> io::Result<Self> {
        Ok(Self(inotify::init(CreateFlags::CLOEXEC | CreateFlags::NONBLOCK)?))
    }

    /// Watches an open directory itself, wherever its path leads by now. The same directory has the
    /// same number while it is watched.
    ///
    /// # Errors
    /// When the system watches as much as it can, or shows no `/proc`.
    pub(super) fn add(&self, directory: impl AsFd) -> io::Result<WatchId> {
        let path = format!("/proc/self/fd/{}", directory.as_fd().as_raw_fd());
        Ok(inotify::add_watch(&self.0, path, CHANGES)?)
    }

    pub(super) fn remove(&self, watch: WatchId) {
        // The directory may be gone, and its watch with it.
        let _ = inotify::remove_watch(&self.0, watch);
    }

    /// Tells what has happened since the last call: which directory, and the name in it; `None` is
    /// the directory itself.
    pub(super) fn drain(
        &self,
        mut tell: impl FnMut(WatchId, Option<&str>),
    ) -> Result<(), EventsLost> {
        let mut buffer = [MaybeUninit::uninit(); BUFFER_BYTES];
        let mut events = Reader::new(&self.0, &mut buffer);
        for _ in 0..MAX_EVENTS {
            let event = match events.next() {
                Ok(event) => event,
                Err(Errno::AGAIN) => return Ok(()),
                Err(Errno::INTR) => continue,
                Err(_) => return Err(EventsLost),
            };
            if event.events().contains(ReadFlags::QUEUE_OVERFLOW) {
                return Err(EventsLost);
            }
            match event.file_name().map(|name| name.to_str()) {
                None => tell(event.wd(), None),
                Some(Ok(name)) => tell(event.wd(), Some(name)),
                // No directory or file of a log has such a name.
                Some(Err(_)) => {}
            }
        }
        Err(EventsLost)
    }
}

#[cfg(test)]
mod tests {
    use std::fs::{self, File};

    use super::*;

    fn told(watch: &ChangeWatch) -> Vec<Option<String>> {
        let mut told = Vec::new();
        watch.drain(|_, name| told.push(name.map(str::to_owned))).unwrap();
        told
    }

    #[test]
    fn names_are_told_of_and_writes_are_not() {
        let root = tempfile::tempdir().unwrap();
        let watch = ChangeWatch::new().unwrap();
        watch.add(File::open(root.path()).unwrap()).unwrap();
        let file = root.path().join("a");
        fs::write(&file, "").unwrap();
        assert_eq!(told(&watch), [Some("a".to_owned())]);
        fs::write(&file, "more").unwrap();
        fs::read(&file).unwrap();
        assert_eq!(told(&watch), []);
        fs::rename(&file, root.path().join("b")).unwrap();
        assert_eq!(told(&watch), [Some("a".to_owned()), Some("b".to_owned())]);
    }

    #[test]
    fn the_end_of_a_directory_is_told_of() {
        let root = tempfile::tempdir().unwrap();
        let watch = ChangeWatch::new().unwrap();
        watch.add(File::open(root.path()).unwrap()).unwrap();
        root.close().unwrap();
        assert!(told(&watch).contains(&None));
    }

    #[test]
    fn too_many_events_are_lost_events() {
        let root = tempfile::tempdir().unwrap();
        let watch = ChangeWatch::new().unwrap();
        watch.add(File::open(root.path()).unwrap()).unwrap();
        for number in 0..=MAX_EVENTS {
            fs::create_dir(root.path().join(number.to_string())).unwrap();
        }
        assert_eq!(watch.drain(|_, _| {}), Err(EventsLost));
    }
}
