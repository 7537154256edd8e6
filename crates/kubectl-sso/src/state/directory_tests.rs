//! The state directory on Unix.

use std::{
    fs::{self, Permissions},
    os::unix::fs::{MetadataExt, PermissionsExt, symlink},
};

use rustix::fs::{CWD, FileType, Mode, mknodat};
use tempfile::TempDir;

use super::*;

const NAME: &str = "a";

fn home() -> (TempDir, PathBuf) {
    let home = tempfile::tempdir().unwrap();
    let directory = home.path().join("kubectl-sso");
    (home, directory)
}

fn mode(path: &Path) -> u32 {
    path.symlink_metadata().unwrap().mode() & 0o7777
}

async fn put(directory: &StateDirectory, content: &[u8]) -> Result<(), StateError> {
    directory.lock(NAME).await?.replace(content)
}

fn unsafe_reason<T: std::fmt::Debug>(result: Result<T, StateError>) -> UnsafeReason {
    match result {
        Err(StateError::Unsafe { reason, .. }) => reason,
        other => panic!("not refused: {other:?}"),
    }
}

#[tokio::test]
async fn a_saved_file_is_readable_by_its_owner_only() {
    let (home, path) = home();
    assert!(StateDirectory::open(home.path()).unwrap().is_none());
    let directory = StateDirectory::create(home.path()).unwrap();
    assert_eq!(directory.read(NAME).unwrap(), None);
    put(&directory, b"one").await.unwrap();
    put(&directory, b"two").await.unwrap();
    assert_eq!(**directory.read(NAME).unwrap().unwrap(), *b"two");
    assert_eq!(directory.names().unwrap(), [NAME]);
    assert_eq!(mode(&path), 0o700);
    for file in ["a.json", "a.lock"] {
        assert_eq!(mode(&path.join(file)), 0o600, "{file}");
    }
    let again = StateDirectory::open(home.path()).unwrap().unwrap();
    assert_eq!(**again.read(NAME).unwrap().unwrap(), *b"two");
    again.lock(NAME).await.unwrap().remove().unwrap();
    assert_eq!(directory.read(NAME).unwrap(), None);
    assert!(directory.names().unwrap().is_empty());
}

#[test]
fn directories_on_the_way_are_private_too() {
    let (home, _) = home();
    let deep = home.path().join("a/b");
    StateDirectory::create(&deep).unwrap();
    for path in [deep.as_path(), &home.path().join("a")] {
        assert_eq!(mode(path), 0o700, "{path:?}");
    }
}

#[tokio::test]
async fn a_directory_that_is_open_to_others_is_refused() {
    let (home, path) = home();
    StateDirectory::create(home.path()).unwrap();
    for mode in [0o755, 0o710, 0o707] {
        fs::set_permissions(&path, Permissions::from_mode(mode)).unwrap();
        let expected = UnsafeReason::OpenToOthers(mode);
        assert_eq!(unsafe_reason(StateDirectory::open(home.path())), expected);
        assert_eq!(unsafe_reason(StateDirectory::create(home.path())), expected);
    }
}

#[test]
fn a_link_or_a_file_in_place_of_the_directory_is_refused() {
    let (home, path) = home();
    let elsewhere = tempfile::tempdir().unwrap();
    fs::set_permissions(elsewhere.path(), Permissions::from_mode(0o700)).unwrap();
    symlink(elsewhere.path(), &path).unwrap();
    assert_eq!(unsafe_reason(StateDirectory::open(home.path())), UnsafeReason::NotADirectory);
    assert_eq!(unsafe_reason(StateDirectory::create(home.path())), UnsafeReason::NotADirectory);
    fs::remove_file(&path).unwrap();
    fs::write(&path, "").unwrap();
    assert_eq!(unsafe_reason(StateDirectory::create(home.path())), UnsafeReason::NotADirectory);
}

#[tokio::test]
async fn a_file_that_is_not_private_is_refused_at_once() {
    let (home, path) = home();
    let directory = StateDirectory::create(home.path()).unwrap();
    let secret = home.path().join("secret");
    fs::write(&secret, "of somebody else").unwrap();
    fs::set_permissions(&secret, Permissions::from_mode(0o600)).unwrap();
    for name in ["a.json", "a.lock"] {
        let at = path.join(name);
        let refused = async || match name {
            "a.json" => unsafe_reason(directory.read(NAME)),
            _ => unsafe_reason(directory.lock(NAME).await),
        };
        symlink(&secret, &at).unwrap();
        assert_eq!(refused().await, UnsafeReason::NotAFile);
        fs::remove_file(&at).unwrap();
        // A pipe: opening it does not wait for its other end.
        mknodat(CWD, &at, FileType::Fifo, Mode::from_raw_mode(0o600), 0).unwrap();
        assert_eq!(refused().await, UnsafeReason::NotAFile);
        fs::remove_file(&at).unwrap();
        fs::create_dir(&at).unwrap();
        assert_eq!(refused().await, UnsafeReason::NotAFile);
        fs::remove_dir(&at).unwrap();
        fs::write(&at, "").unwrap();
        fs::set_permissions(&at, Permissions::from_mode(0o644)).unwrap();
        assert_eq!(refused().await, UnsafeReason::OpenToOthers(0o644));
        fs::remove_file(&at).unwrap();
    }
    fs::write(path.join("a.json"), vec![b' '; 1024 * 1024 + 1]).unwrap();
    fs::set_permissions(path.join("a.json"), Permissions::from_mode(0o600)).unwrap();
    assert_eq!(unsafe_reason(directory.read(NAME)), UnsafeReason::TooLarge);
}

#[tokio::test]
async fn a_link_planted_for_the_writer_leads_nowhere() {
    let (home, path) = home();
    let directory = StateDirectory::create(home.path()).unwrap();
    let victim = home.path().join("victim");
    fs::write(&victim, "whole").unwrap();
    symlink(&victim, path.join("a.json.new")).unwrap();
    put(&directory, b"new").await.unwrap();
    assert_eq!(fs::read(&victim).unwrap(), b"whole");
    assert_eq!(**directory.read(NAME).unwrap().unwrap(), *b"new");
}

#[tokio::test]
async fn a_process_that_dies_while_writing_changes_nothing() {
    let (home, path) = home();
    let directory = StateDirectory::create(home.path()).unwrap();
    put(&directory, b"old").await.unwrap();
    // Written in part, and never renamed.
    fs::write(path.join("a.json.new"), "ne").unwrap();
    assert_eq!(**directory.read(NAME).unwrap().unwrap(), *b"old");
    assert_eq!(directory.names().unwrap(), [NAME]);
    put(&directory, b"new").await.unwrap();
    assert_eq!(**directory.read(NAME).unwrap().unwrap(), *b"new");
    assert!(!path.join("a.json.new").exists());
}

#[tokio::test(start_paused = true)]
async fn one_process_changes_a_file_and_others_wait_for_a_limited_time() {
    let (home, _) = home();
    let [one, other] = [(); 2].map(|()| StateDirectory::create(home.path()).unwrap());
    let held = one.lock(NAME).await.unwrap();
    assert!(matches!(other.lock(NAME).await, Err(StateError::Locked(_))));
    // The lock of one authority does not block another.
    other.lock("b").await.unwrap();
    drop(held);
    other.lock(NAME).await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn no_change_is_lost_and_readers_see_whole_ones() {
    const WRITERS: usize = 8;
    const CHANGES: usize = 25;
    let (home, _) = home();
    let number = |content: &[u8]| {
        let text = std::str::from_utf8(content).unwrap();
        text.strip_suffix(" end").unwrap().parse::<usize>().unwrap()
    };
    put(&StateDirectory::create(home.path()).unwrap(), b"0 end").await.unwrap();
    let mut writers = tokio::task::JoinSet::new();
    for _ in 0..WRITERS {
        // Each opens the directory, as a process does.
        let directory = StateDirectory::open(home.path()).unwrap().unwrap();
        writers.spawn(async move {
            for _ in 0..CHANGES {
                number(&directory.read(NAME).unwrap().unwrap());
                let lock = directory.lock(NAME).await.unwrap();
                let next = number(&directory.read(NAME).unwrap().unwrap()) + 1;
                lock.replace(format!("{next} end").as_bytes()).unwrap();
            }
        });
    }
    writers.join_all().await;
    let directory = StateDirectory::open(home.path()).unwrap().unwrap();
    assert_eq!(number(&directory.read(NAME).unwrap().unwrap()), WRITERS * CHANGES);
}
