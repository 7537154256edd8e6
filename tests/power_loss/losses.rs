//! Whether the layer and the disk lose what they should lose: with programs that write and sync, and
//! with a service on a disk that ignores syncs.

use std::{env, fs, process::Command};

use fastrand::Rng;

use crate::{
    Case,
    disk::{Disk, DiskKind, Replayed, Survival},
    harness::{command::ended, scratch},
    layer::Faults,
    service::Home,
    stage::Stage,
};

/// The cases, by their names.
pub(crate) const CASES: &[Case] = &[
    ("what_is_not_synced_is_lost", what_is_not_synced_is_lost),
    ("what_is_synced_is_kept", what_is_synced_is_kept),
    (
        "a_file_is_lost_without_a_sync_of_its_directory",
        a_file_is_lost_without_a_sync_of_its_directory,
    ),
    ("a_sync_after_a_failed_one_keeps_nothing", a_sync_after_a_failed_one_keeps_nothing),
    (
        "a_service_does_not_start_without_a_sync_of_its_directory",
        a_service_does_not_start_without_a_sync_of_its_directory,
    ),
    ("a_start_writes_the_journal_anew", a_start_writes_the_journal_anew),
    ("a_disk_that_ignores_syncs_is_noticed", a_disk_that_ignores_syncs_is_noticed),
];

const OLD: &[u8] = b"as it was before";
const NEW: &[u8] = &[b'n'; 5000];

const EVERY_SURVIVAL: [Survival; 4] =
    [Survival::Nothing, Survival::Until(2), Survival::Random(0.5), Survival::Everything];

/// A directory with a file, and programs that run under the layer.
struct Directory<'a> {
    stage: &'a Stage,
    home: Home,
    disk: Disk,
    random: Rng,
    _directory: tempfile::TempDir,
}

impl<'a> Directory<'a> {
    fn new(stage: &'a Stage) -> Self {
        let directory = scratch();
        let home = Home::new(directory.path());
        fs::write(home.database_directory().join("old"), OLD).unwrap();
        let disk = Disk::of(&home.database_directory(), DiskKind::Honest);
        Self { stage, home, disk, random: Rng::with_seed(1), _directory: directory }
    }

    /// Runs a script in the shell; its `$1` is the directory.
    fn run(&mut self, script: &str, faults: Faults) -> Replayed {
        let directory = self.home.database_directory();
        let mut command = Command::new("/bin/sh");
        command.arg("-c").arg(script).arg("sh").arg(&directory);
        let log = self.home.layer_log();
        self.stage.layer.load(&mut command, &directory, &log, faults);
        ended(&mut command, std::str::from_utf8(NEW).unwrap());
        self.disk.replay(&log, &mut self.random)
    }

    fn cut(&mut self, survival: Survival) {
        self.disk.cut_power(survival, &mut self.random);
    }

    fn read(&self, name: &str) -> Option<Vec<u8>> {
        fs::read(self.home.database_directory().join(name)).ok()
    }
}

fn what_is_not_synced_is_lost(stage: &Stage) {
    let mut directory = Directory::new(stage);
    directory.run("dd of=$1/old status=none; dd of=$1/new status=none", Faults::default());
    assert_eq!(directory.read("old").unwrap(), NEW);
    directory.cut(Survival::Nothing);
    assert_eq!(directory.read("old").unwrap(), OLD);
    assert_eq!(directory.read("new"), None);
}

fn what_is_synced_is_kept(stage: &Stage) {
    for survival in EVERY_SURVIVAL {
        let mut directory = Directory::new(stage);
        directory.run(
            "dd of=$1/new conv=fsync status=none; mv $1/new $1/old; sync $1",
            Faults::default(),
        );
        directory.cut(survival);
        assert_eq!(directory.read("old").unwrap(), NEW, "{survival:?}");
        assert_eq!(directory.read("new"), None, "{survival:?}");
    }
}

fn a_file_is_lost_without_a_sync_of_its_directory(stage: &Stage) {
    let mut directory = Directory::new(stage);
    directory.run("dd of=$1/new conv=fsync status=none", Faults::default());
    directory.cut(Survival::Nothing);
    assert_eq!(directory.read("new"), None);
}

fn a_sync_after_a_failed_one_keeps_nothing(stage: &Stage) {
    let mut directory = Directory::new(stage);
    let script = "dd of=$1/old conv=notrunc,fsync status=none || sync $1/old";
    let faults = Faults { fail_syncs: Some((1, 1)), ..Faults::default() };
    assert!(directory.run(script, faults).sync_failed);
    assert_eq!(directory.read("old").unwrap(), NEW);
    directory.cut(Survival::Everything);
    let kept = directory.read("old").unwrap();
    assert_ne!(kept, NEW);
}

/// SQLite ignores such a failure, and the files would not be found after a power cut.
fn a_service_does_not_start_without_a_sync_of_its_directory(stage: &Stage) {
    let directory = scratch();
    let home = Home::new(directory.path());
    let faults = Faults { fail_names: true, ..Faults::default() };
    let ending = home.start(Some((&stage.layer, faults))).unwrap_err();
    assert_eq!(ending.status.code(), Some(1), "{}", ending.log);
}

/// After a failed sync, the journal that a start reads may be in the memory of the kernel alone.
fn a_start_writes_the_journal_anew(stage: &Stage) {
    let mut directory = Directory::new(stage);
    stage.lay(&directory.home);
    directory.disk = Disk::of(&directory.home.database_directory(), DiskKind::Honest);
    // Into the unused end of a slot.
    let script = "dd of=$1/sso.db.revocations bs=5000 seek=12 conv=notrunc,fsync status=none";
    let faults = Faults { fail_syncs: Some((1, 1)), ..Faults::default() };
    assert!(directory.run(script, faults).sync_failed);
    let Directory { home, disk, random, .. } = &mut directory;
    home.start(Some((&stage.layer, Faults::default()))).unwrap().kill(&home.layer_log());
    disk.replay(&home.layer_log(), random);
    directory.cut(Survival::Nothing);
    let journal = directory.read("sso.db.revocations").unwrap();
    assert_eq!(journal[60_000..65_000], *NEW);
}

/// A check that cannot fail would not notice it.
fn a_disk_that_ignores_syncs_is_noticed(_: &Stage) {
    let mut command = Command::new(env::current_exe().unwrap());
    let ended = ended(command.args(["--soak", "--seeds", "3", "--ignore-syncs"]), "");
    assert_eq!(ended.code, 1, "{ended:?}");
    assert!(ended.stderr.contains("is lost"), "{ended:?}");
}
