//! The layer between a process and the files of a directory (`layer.c`).

use std::{
    fs::File,
    path::{Path, PathBuf},
    process::Command,
};

/// The layer, compiled.
#[derive(Debug)]
pub(crate) struct Layer {
    library: PathBuf,
}

/// What goes wrong in a process.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Faults {
    /// The process is killed after this many calls that concern the directory.
    pub(crate) cut_after: Option<u64>,
    /// This sync fails, 1 is the first, and those that follow, so many in all.
    pub(crate) fail_syncs: Option<(u64, u64)>,
    /// Each sync of the directory fails.
    pub(crate) fail_names: bool,
    /// Each sync fails from the moment when [`Layer::fail_syncs`] is called with the same log.
    pub(crate) fail_on_demand: bool,
}

impl Layer {
    /// Compiles it into a directory.
    pub(crate) fn compile(compiler: &Path, directory: &Path) -> Self {
        let library = directory.join("layer.so");
        let source = concat!(env!("CARGO_MANIFEST_DIR"), "/power_loss/layer.c");
        let mut command = Command::new(compiler);
        command.args(["-shared", "-fPIC", "-O2", "-std=gnu11", "-Wall", "-Wextra", "-o"]);
        let status = command.arg(&library).arg(source).status().unwrap();
        assert!(status.success(), "{command:?}: {status}");
        Self { library }
    }

    /// Puts it between a command and the files of `directory`.
    pub(crate) fn load(&self, command: &mut Command, directory: &Path, log: &Path, faults: Faults) {
        command
            .env("LD_PRELOAD", &self.library)
            .env("POWER_LOSS_DIRECTORY", directory)
            .env("POWER_LOSS_LOG", log);
        if faults.fail_on_demand {
            command.env("POWER_LOSS_FAIL_SINCE", demand(log));
        }
        let (first, count) = faults.fail_syncs.unzip();
        for (name, number) in [
            ("POWER_LOSS_CUT_AFTER", faults.cut_after),
            ("POWER_LOSS_FAIL_SYNC", first),
            ("POWER_LOSS_FAIL_COUNT", count),
            ("POWER_LOSS_FAIL_NAMES", faults.fail_names.then_some(1)),
        ] {
            if let Some(number) = number {
                command.env(name, number.to_string());
            }
        }
    }

    /// Fails each sync from now on, of a process that was loaded so and has this log.
    pub(crate) fn fail_syncs(log: &Path) {
        File::create(demand(log)).unwrap();
    }
}

/// The file whose existence makes syncs fail.
fn demand(log: &Path) -> PathBuf {
    log.with_extension("fail")
}
