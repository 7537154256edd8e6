//! The file that the audit log is written to.

use std::{
    fs::{self, File, OpenOptions},
    io::{self, Write},
    os::unix::fs::{MetadataExt, OpenOptionsExt},
    path::PathBuf,
};

/// A file that is only ever appended to. When another has come into its place (`logrotate` moved
/// it away), what is written goes to a new one.
#[derive(Debug)]
pub(crate) struct AuditFile {
    path: PathBuf,
    file: File,
}

impl AuditFile {
    /// Opens the file, or creates it for its owner alone.
    ///
    /// # Errors
    /// When it can be neither.
    pub(crate) fn open(path: PathBuf) -> io::Result<Self> {
        let file = append_to(&path)?;
        Ok(Self { path, file })
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

impl Write for AuditFile {
    fn write(&mut self, lines: &[u8]) -> io::Result<usize> {
        if self.was_moved()? {
            self.file = append_to(&self.path)?;
        }
        self.file.write(lines)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

fn append_to(path: &PathBuf) -> io::Result<File> {
    OpenOptions::new().append(true).create(true).mode(0o600).open(path)
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn it_is_created_for_its_owner_and_appended_to() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("audit");
        for line in ["one\n", "two\n"] {
            AuditFile::open(path.clone()).unwrap().write_all(line.as_bytes()).unwrap();
        }
        assert_eq!(fs::read_to_string(&path).unwrap(), "one\ntwo\n");
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    }

    #[test]
    fn after_a_rotation_it_is_another_file() {
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
    fn what_cannot_be_opened_is_said() {
        assert!(AuditFile::open("/nowhere/at/all".into()).is_err());
    }
}
