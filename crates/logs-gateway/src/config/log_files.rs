//! Settings about log files: where they are, and how many are searched at once.

use std::{num::NonZero, path::PathBuf, thread::available_parallelism};

use service_runtime::settings::{Settings, list, positive};

/// Where log files are, and how many are searched at once.
#[derive(Debug)]
pub(crate) struct LogFileSettings {
    /// The directory of pod logs.
    pub(crate) directory: PathBuf,
    /// Further directories that links of the log directory may lead to.
    pub(crate) roots: Vec<PathBuf>,
    /// How many scans run at once.
    pub(crate) max_scans: usize,
    /// How many logs of pods are merged into one stream.
    pub(crate) max_pods_per_stream: usize,
}

impl LogFileSettings {
    /// Takes them from `settings`, which keeps the faults.
    pub(super) fn read(settings: &mut Settings) -> Self {
        settings.get("GATEWAY_SOURCE", files_source);
        Self {
            directory: settings
                .text("GATEWAY_LOGS_DIR")
                .map_or_else(|| PathBuf::from("/var/log/pods"), PathBuf::from),
            roots: settings
                .get("GATEWAY_LOGS_ROOTS", |text| list(text, absolute_path))
                .unwrap_or_default(),
            max_scans: settings
                .get("GATEWAY_MAX_SCANS", positive)
                .unwrap_or_else(|| 2 * available_parallelism().map_or(1, NonZero::get)),
            max_pods_per_stream: settings
                .get("GATEWAY_MAX_PODS_PER_STREAM", positive)
                .unwrap_or(100),
        }
    }
}

fn absolute_path(text: &str) -> Result<PathBuf, &'static str> {
    let path = PathBuf::from(text);
    if path.is_absolute() { Ok(path) } else { Err("must be an absolute path") }
}

fn files_source(text: &str) -> Result<(), &'static str> {
    match text {
        "files" => Ok(()),
        "kubernetes" => Err("the source kubernetes is not supported by this version"),
        _ => Err("must be files or kubernetes"),
    }
}
