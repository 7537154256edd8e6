//! The file that the audit log is written to.

use std::{
    fs::{self, File, OpenOptions},
    io::{self, Write},
    os::unix::fs::{FileExt, MetadataExt, OpenOptionsExt},
    path::{Path, PathBuf},
};

/// A file that is only ever appended to. When another has come into its place (`logrotate` moved
/// it away), lines go to a new one. Each write begins a line: a full disk, or a
/// crash, may have left half of one at the end of the file.
#[derive(Debug)]
pub struct AuditFile {
    path: PathBuf,
    file: File,
    /// Whether the file may end within a line that will not be finished.
    torn: bool,
    /// Whether the last write ended a line.
    ends_line: bool,
}

impl AuditFile {
    /// Opens the file, or creates it for its owner alone.
    ///
    /// # Errors
    /// When it can be neither.
    pub fn open(path: PathBuf) -> io::Result<Self> {
        let file = append_to(&path)?;
        let torn = ends_within_line(&path);
        Ok(Self { path, file, torn, ends_line: true })
    }

    fn was_moved(&self) -> io::Result<bool> {
        let ours = self.file.metadata()?;
        Ok(match fs::metadata(&self.path) {
            Ok(there) => (there.dev(), there.ino()) != (ours.dev(), ours.ino()),
            Err(error) if error.kind() == io::ErrorKind::NotFound => true,
            Err(error) => return Err(error),
        })
    }
}

impl AuditFile {
    fn append(&mut self, lines: &[u8]) -> io::Result<usize> {
        if self.was_moved()? {
            self.file = append_to(&self.path)?;
            (self.torn, self.ends_line) = (ends_within_line(&self.path), true);
        }
        if self.torn {
            self.file.write_all(b"\n")?;
            (self.torn, self.ends_line) = (false, true);
        }
        self.file.write(lines)
    }
}

impl Write for AuditFile {
    fn write(&mut self, lines: &[u8]) -> io::Result<usize> {
        match self.append(lines) {
            Ok(written) => {
                self.ends_line = lines[..written].ends_with(b"\n");
                Ok(written)
            }
            // The caller gives up, unless it was only interrupted.
            Err(error) => {
                self.torn |= !self.ends_line && error.kind() != io::ErrorKind::Interrupted;
                Err(error)
            }
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

/// A file that is not regular, such as a pipe, keeps no line that could be torn.
fn ends_within_line(path: &Path) -> bool {
    let last_byte = || -> io::Result<u8> {
        let length = fs::metadata(path).and_then(|metadata| match metadata.is_file() {
            true => Ok(metadata.len()),
            false => Err(io::ErrorKind::Unsupported.into()),
        })?;
        let mut last = [0];
        File::open(path)?.read_exact_at(&mut last, length.saturating_sub(1))?;
        Ok(last[0])
    };
    last_byte().is_ok_and(|byte| byte != b'\n')
}

fn append_to(path: &Path) -> io::Result<File> {
    OpenOptions::new().append(true).create(true).mode(0o600).open(path)
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn the_file_is_private_and_appended_to() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("audit");
        for line in ["one\n", "two\n"] {
            AuditFile::open(path.clone()).unwrap().write_all(line.as_bytes()).unwrap();
        }
        assert_eq!(fs::read_to_string(&path).unwrap(), "one\ntwo\n");
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    }

    #[test]
    fn after_a_rotation_a_new_file_is_written() {
        let directory = tempfile::tempdir().unwrap();
        let [path, rotated] = ["audit", "audit.1"].map(|name| directory.path().join(name));
        let mut file = AuditFile::open(path.clone()).unwrap();
        file.write_all(b"before\n").unwrap();
        fs::rename(&path, &rotated).unwrap();
        file.write_all(b"after\n").unwrap();
        fs::remove_file(&path).unwrap();
        file.write_all(b"again\n").unwrap();
        assert_eq!(fs::read_to_string(&rotated).unwrap(), "before\n");
        assert_eq!(fs::read_to_string(&path).unwrap(), "again\n");
    }

    #[test]
    fn a_line_torn_by_a_crash_is_not_continued() {
        let directory = tempfile::tempdir().unwrap();
        let [path, rotated] = ["audit", "audit.1"].map(|name| directory.path().join(name));
        fs::write(&path, "whole\nhal").unwrap();
        let mut file = AuditFile::open(path.clone()).unwrap();
        file.write_all(b"new\n").unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), "whole\nhal\nnew\n");
        fs::rename(&path, rotated).unwrap();
        fs::write(&path, "hal").unwrap();
        file.write_all(b"again\n").unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), "hal\nagain\n");
    }

    /// `/dev/full` fails as a full disk does; a file that has room again is put in its place.
    #[test]
    fn a_line_torn_by_a_full_disk_is_not_continued() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("audit");
        let mut file = AuditFile::open(path.clone()).unwrap();
        // The first half of a line found room.
        assert_eq!(file.write(b"{\"audit\":").unwrap(), 9);
        let room = std::mem::replace(&mut file.file, append_to(Path::new("/dev/full")).unwrap());
        file.path = "/dev/full".into();
        file.write(b"\"login_ok\"}\n").unwrap_err();
        (file.file, file.path) = (room, path.clone());
        file.write_all(b"{}\n").unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), "{\"audit\":\n{}\n");
    }

    #[test]
    fn an_unopenable_file_is_an_error() {
        assert!(AuditFile::open("/nowhere/at/all".into()).is_err());
    }
}
