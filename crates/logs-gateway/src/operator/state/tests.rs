use std::{
    fs::{self, Permissions},
    os::unix::fs::{MetadataExt, PermissionsExt, symlink},
};

use rustix::fs::{CWD, mknodat, stat};
use tempfile::TempDir;

use super::*;

const NAME: &str = "a";

fn home() -> (TempDir, PathBuf) {
    let home = tempfile::tempdir().unwrap();
    let directory = home.path().join("logs-gateway");
    (home, directory)
}

fn mode(path: &Path) -> u32 {
    path.symlink_metadata().unwrap().mode() & 0o7777
}

async fn put(directory: &StateDirectory, content: &[u8]) -> Result<(), StateError> {
    directory.lock(NAME).await?.replace(content)
}

fn refusal<T: std::fmt::Debug>(result: Result<T, StateError>) -> Refusal {
    match result {
        Err(StateError::Refused { why, .. }) => why,
        other => panic!("not refused: {other:?}"),
    }
}

#[tokio::test]
async fn what_is_kept_is_its_owners_alone() {
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

#[test]
fn only_what_is_of_the_kind_and_ours_alone_is_used() {
    let (file, directory) = (0o100_000, 0o040_000);
    let mut stat = stat(".").unwrap();
    for (kind, mode, owner, expected) in [
        (FileType::RegularFile, file | 0o600, 7, Ok(())),
        (FileType::RegularFile, file | 0o400, 7, Ok(())),
        (FileType::RegularFile, file | 0o640, 7, Err(Refusal::OpenToOthers(0o640))),
        (FileType::RegularFile, file | 0o604, 7, Err(Refusal::OpenToOthers(0o604))),
        (FileType::RegularFile, file | 0o620, 7, Err(Refusal::OpenToOthers(0o620))),
        (FileType::RegularFile, file | 0o601, 7, Err(Refusal::OpenToOthers(0o601))),
        (FileType::RegularFile, file | 0o600, 8, Err(Refusal::NotOurs)),
        (FileType::RegularFile, file | 0o600, 0, Err(Refusal::NotOurs)),
        (FileType::RegularFile, directory | 0o700, 7, Err(Refusal::NoFile)),
        (FileType::Directory, directory | 0o700, 7, Ok(())),
        (FileType::Directory, directory | 0o750, 7, Err(Refusal::OpenToOthers(0o750))),
        (FileType::Directory, directory | 0o1777, 7, Err(Refusal::OpenToOthers(0o1777))),
        (FileType::Directory, directory | 0o700, 8, Err(Refusal::NotOurs)),
        (FileType::Directory, file | 0o700, 7, Err(Refusal::NoDirectory)),
    ] {
        (stat.st_mode, stat.st_uid) = (mode, owner);
        assert_eq!(judge(&stat, kind, Uid::from_raw(7)), expected, "{mode:o} {owner}");
    }
}

#[tokio::test]
async fn a_directory_that_others_reach_is_refused() {
    let (home, path) = home();
    StateDirectory::create(home.path()).unwrap();
    for mode in [0o755, 0o710, 0o707] {
        fs::set_permissions(&path, Permissions::from_mode(mode)).unwrap();
        let expected = Refusal::OpenToOthers(mode);
        assert_eq!(refusal(StateDirectory::open(home.path())), expected);
        assert_eq!(refusal(StateDirectory::create(home.path())), expected);
    }
}

#[test]
fn a_link_or_a_file_in_place_of_the_directory_is_refused() {
    let (home, path) = home();
    let elsewhere = tempfile::tempdir().unwrap();
    fs::set_permissions(elsewhere.path(), Permissions::from_mode(0o700)).unwrap();
    symlink(elsewhere.path(), &path).unwrap();
    assert_eq!(refusal(StateDirectory::open(home.path())), Refusal::NoDirectory);
    assert_eq!(refusal(StateDirectory::create(home.path())), Refusal::NoDirectory);
    fs::remove_file(&path).unwrap();
    fs::write(&path, "").unwrap();
    assert_eq!(refusal(StateDirectory::create(home.path())), Refusal::NoDirectory);
}

#[tokio::test]
async fn a_file_that_is_no_private_file_is_refused_at_once() {
    let (home, path) = home();
    let directory = StateDirectory::create(home.path()).unwrap();
    let secret = home.path().join("secret");
    fs::write(&secret, "of somebody else").unwrap();
    fs::set_permissions(&secret, Permissions::from_mode(0o600)).unwrap();
    for name in ["a.json", "a.lock"] {
        let at = path.join(name);
        let refused = async || match name {
            "a.json" => refusal(directory.read(NAME)),
            _ => refusal(directory.lock(NAME).await),
        };
        symlink(&secret, &at).unwrap();
        assert_eq!(refused().await, Refusal::NoFile);
        fs::remove_file(&at).unwrap();
        // A pipe: nobody is at its other end, and nobody waits for them.
        mknodat(CWD, &at, FileType::Fifo, FILE_MODE, 0).unwrap();
        assert_eq!(refused().await, Refusal::NoFile);
        fs::remove_file(&at).unwrap();
        fs::create_dir(&at).unwrap();
        assert_eq!(refused().await, Refusal::NoFile);
        fs::remove_dir(&at).unwrap();
        fs::write(&at, "").unwrap();
        fs::set_permissions(&at, Permissions::from_mode(0o644)).unwrap();
        assert_eq!(refused().await, Refusal::OpenToOthers(0o644));
        fs::remove_file(&at).unwrap();
    }
    fs::write(path.join("a.json"), vec![b' '; 1024 * 1024 + 1]).unwrap();
    fs::set_permissions(path.join("a.json"), Permissions::from_mode(0o600)).unwrap();
    assert_eq!(refusal(directory.read(NAME)), Refusal::TooLarge);
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
async fn who_dies_while_writing_changes_nothing() {
    let (home, path) = home();
    let directory = StateDirectory::create(home.path()).unwrap();
    put(&directory, b"old").await.unwrap();
    // Written in part, and never put in its place.
    fs::write(path.join("a.json.new"), "ne").unwrap();
    assert_eq!(**directory.read(NAME).unwrap().unwrap(), *b"old");
    assert_eq!(directory.names().unwrap(), [NAME]);
    put(&directory, b"new").await.unwrap();
    assert_eq!(**directory.read(NAME).unwrap().unwrap(), *b"new");
    assert!(!path.join("a.json.new").exists());
}

#[tokio::test(start_paused = true)]
async fn one_changes_at_a_time_and_others_wait_for_a_bounded_time() {
    let (home, _) = home();
    let [one, other] = [(); 2].map(|()| StateDirectory::create(home.path()).unwrap());
    let held = one.lock(NAME).await.unwrap();
    assert!(matches!(other.lock(NAME).await, Err(StateError::Busy(_))));
    // What is kept for another authority is not held up.
    other.lock("b").await.unwrap();
    drop(held);
    other.lock(NAME).await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn nobodys_change_is_lost_and_readers_see_whole_ones() {
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
        // Each opens for itself, as a process does.
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
