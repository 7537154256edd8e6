//! A container's log file, rotated as the kubelet does.
//!
//! The order of the steps, the names and the suffixes are those of the kubelet's
//! `container_log_manager.go`: a reader that follows must survive each moment of it.

use std::{
    ffi::OsStr,
    fs::{self, File, OpenOptions},
    io::{self, Write},
    os::unix::fs::OpenOptionsExt,
    path::{Path, PathBuf},
};

use chrono::{DateTime, FixedOffset};
use flate2::{Compression, write::GzEncoder};

/// The size at which a file is rotated. The kubelet's default is 10 MiB; here rotation should be
/// visible.
const MAX_SIZE: u64 = 256 * 1024;
/// `containerLogMaxFiles`: the current file, the one rotated last, and the compressed ones.
const MAX_FILES: usize = 5;

/// The current log file of a container, open for appending.
#[derive(Debug)]
pub(super) struct LogFile {
    path: PathBuf,
    file: File,
    size: u64,
}

impl LogFile {
    /// Opens `<container>/<restart>.log`.
    pub(super) fn open(container: &Path, restart: u32) -> io::Result<Self> {
        let path = container.join(format!("{restart}.log"));
        let file = open_for_appending(&path)?;
        let size = file.metadata()?.len();
        Ok(Self { path, file, size })
    }

    /// Appends a physical line, newline included, in one write.
    pub(super) fn append(&mut self, line: &[u8]) -> io::Result<()> {
        self.file.write_all(line)?;
        self.size += line.len() as u64;
        Ok(())
    }

    /// Rotates the file if it is large, at the instant `now`.
    pub(super) fn rotate_if_large(&mut self, now: DateTime<FixedOffset>) -> io::Result<()> {
        if self.size >= MAX_SIZE { self.rotate(now) } else { Ok(()) }
    }

    fn rotate(&mut self, now: DateTime<FixedOffset>) -> io::Result<()> {
        let rotated = suffixed(&self.path, &now.format("%Y%m%d-%H%M%S").to_string());
        if rotated.exists() {
            // Names contain seconds only: wait for the next one rather than overwrite.
            return Ok(());
        }
        self.remove_excess()?;
        self.compress_rotated()?;
        fs::rename(&self.path, rotated)?;
        self.file = open_for_appending(&self.path)?;
        self.size = 0;
        Ok(())
    }

    /// Makes room for the file about to be rotated, beside the current one.
    fn remove_excess(&self) -> io::Result<()> {
        let rotated = self.rotated()?;
        let excess = rotated.len().saturating_sub(MAX_FILES - 2);
        rotated[..excess].iter().try_for_each(fs::remove_file)
    }

    fn compress_rotated(&self) -> io::Result<()> {
        let is_plain = |path: &&PathBuf| path.extension() != Some(OsStr::new("gz"));
        self.rotated()?.iter().filter(is_plain).try_for_each(|path| compress(path))
    }

    /// The files rotated so far, oldest first: their names begin with the time.
    fn rotated(&self) -> io::Result<Vec<PathBuf>> {
        let (Some(directory), Some(name)) = (self.path.parent(), self.path.file_name()) else {
            return Ok(Vec::new());
        };
        let prefix = [name.as_encoded_bytes(), b"."].concat();
        let mut rotated = Vec::new();
        for entry in fs::read_dir(directory)? {
            let entry = entry?;
            if entry.file_name().as_encoded_bytes().starts_with(&prefix) {
                rotated.push(entry.path());
            }
        }
        rotated.sort();
        Ok(rotated)
    }
}

/// Creates a file as containerd does: for its owner, and readable by the owner's group.
fn open_for_appending(path: &Path) -> io::Result<File> {
    OpenOptions::new().append(true).create(true).mode(0o640).open(path)
}

/// Writes beside the file and renames, so that no reader sees half a `.gz`.
fn compress(path: &Path) -> io::Result<()> {
    let unfinished = suffixed(path, "tmp");
    let mut gzip = GzEncoder::new(File::create(&unfinished)?, Compression::default());
    io::copy(&mut File::open(path)?, &mut gzip)?;
    gzip.finish()?;
    fs::set_permissions(&unfinished, fs::metadata(path)?.permissions())?;
    fs::rename(unfinished, suffixed(path, "gz"))?;
    fs::remove_file(path)
}

fn suffixed(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(".");
    name.push(suffix);
    name.into()
}

#[cfg(test)]
mod tests {
    use std::{io::Read, os::unix::fs::PermissionsExt, time::Duration};

    use flate2::read::GzDecoder;

    use super::*;

    fn start() -> DateTime<FixedOffset> {
        DateTime::parse_from_rfc3339("2026-11-21T04:00:00+01:00").unwrap()
    }

    fn names(directory: &Path) -> Vec<String> {
        let mut names: Vec<_> = fs::read_dir(directory)
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        names
    }

    #[test]
    fn a_small_file_is_left_alone() {
        let container = tempfile::tempdir().unwrap();
        let mut log = LogFile::open(container.path(), 0).unwrap();
        log.append(b"line\n").unwrap();
        log.rotate_if_large(start()).unwrap();
        assert_eq!(names(container.path()), ["0.log"]);
    }

    #[test]
    fn a_large_file_is_renamed_and_a_new_one_opened() {
        let container = tempfile::tempdir().unwrap();
        let mut log = LogFile::open(container.path(), 3).unwrap();
        log.append(&[b'x'; MAX_SIZE as usize]).unwrap();
        log.rotate_if_large(start()).unwrap();
        log.append(b"new\n").unwrap();
        assert_eq!(names(container.path()), ["3.log", "3.log.20261121-040000"]);
        assert_eq!(fs::read(container.path().join("3.log")).unwrap(), b"new\n");
    }

    #[test]
    fn older_files_are_compressed_and_the_oldest_removed() {
        let container = tempfile::tempdir().unwrap();
        let mut log = LogFile::open(container.path(), 0).unwrap();
        for second in 0..7 {
            log.append(format!("{second}\n").as_bytes()).unwrap();
            log.rotate(start() + Duration::from_secs(second)).unwrap();
        }
        assert_eq!(
            names(container.path()),
            [
                "0.log",
                "0.log.20261121-040003.gz",
                "0.log.20261121-040004.gz",
                "0.log.20261121-040005.gz",
                "0.log.20261121-040006",
            ]
        );
        let gzip = File::open(container.path().join("0.log.20261121-040004.gz")).unwrap();
        assert_eq!(gzip.metadata().unwrap().permissions().mode() & 0o777, 0o640);
        let mut content = String::new();
        GzDecoder::new(gzip).read_to_string(&mut content).unwrap();
        assert_eq!(content, "4\n");
    }

    #[test]
    fn a_second_rotation_within_a_second_loses_nothing() {
        let container = tempfile::tempdir().unwrap();
        let mut log = LogFile::open(container.path(), 0).unwrap();
        for line in [b"1\n", b"2\n"] {
            log.append(line).unwrap();
            log.rotate(start()).unwrap();
        }
        assert_eq!(fs::read(container.path().join("0.log.20261121-040000")).unwrap(), b"1\n");
        assert_eq!(fs::read(container.path().join("0.log")).unwrap(), b"2\n");
    }

    #[test]
    fn other_restarts_are_not_touched() {
        let container = tempfile::tempdir().unwrap();
        fs::write(container.path().join("10.log"), "ten").unwrap();
        fs::write(container.path().join("10.log.20260101-000000"), "older").unwrap();
        let mut log = LogFile::open(container.path(), 0).unwrap();
        log.rotate(start()).unwrap();
        let names = names(container.path());
        assert!(names.contains(&"10.log.20260101-000000".to_owned()), "{names:?}");
    }
}
