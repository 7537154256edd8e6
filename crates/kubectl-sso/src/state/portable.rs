//! The state directory where files have no Unix modes: the user's profile keeps others out, and
//! links are refused.

use std::{
    fs::{self, File, OpenOptions},
    io::{self, Write},
    path::{Path, PathBuf},
};

use super::{
    directory::Access,
    error::{StateError, UnsafeReason},
};

/// A directory in the user's profile.
#[derive(Debug)]
pub(super) struct PrivateDirectory {
    path: PathBuf,
}

impl PrivateDirectory {
    /// `None` when there is none.
    pub(super) fn open(path: &Path) -> Result<Option<Self>, StateError> {
        let path = path.to_owned();
        match path.symlink_metadata() {
            Ok(metadata) if metadata.is_dir() => Ok(Some(Self { path })),
            Ok(_) => Err(StateError::Unsafe { path, reason: UnsafeReason::NotADirectory }),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(StateError::io(&path)(error)),
        }
    }

    /// Creates the directory and its parents.
    pub(super) fn create_all(path: &Path) -> io::Result<()> {
        fs::create_dir_all(path)
    }

    /// The names of the files.
    pub(super) fn entries(&self) -> io::Result<Vec<String>> {
        let mut names = Vec::new();
        for entry in fs::read_dir(&self.path)? {
            names.extend(entry?.file_name().into_string());
        }
        Ok(names)
    }

    /// A regular file; `None` when there is none.
    pub(super) fn open_file(&self, name: &str, access: Access) -> Result<Option<File>, StateError> {
        let path = self.path.join(name);
        if path.symlink_metadata().is_ok_and(|metadata| !metadata.is_file()) {
            return Err(StateError::Unsafe { path, reason: UnsafeReason::NotAFile });
        }
        let is_lock = access == Access::Lock;
        let opened = OpenOptions::new()
            .read(true)
            .write(is_lock)
            .create(is_lock)
            .truncate(false)
            .open(&path);
        match opened {
            Ok(file) => Ok(Some(file)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(StateError::io(&path)(error)),
        }
    }

    /// Writes the content to the file `temporary` and renames that to `name`.
    pub(super) fn replace(&self, name: &str, temporary: &str, content: &[u8]) -> io::Result<()> {
        // A process that left one has died: it would still hold the lock.
        self.remove(temporary)?;
        let temporary = self.path.join(temporary);
        let mut file = File::create_new(&temporary)?;
        file.write_all(content)?;
        file.sync_all()?;
        drop(file);
        fs::rename(temporary, self.path.join(name))
    }

    /// Removes a file, if there is one.
    pub(super) fn remove(&self, name: &str) -> io::Result<()> {
        match fs::remove_file(self.path.join(name)) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
            _ => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::Read;

    use super::*;

    fn content(directory: &PrivateDirectory, name: &str) -> Option<String> {
        let mut file = directory.open_file(name, Access::Read).unwrap()?;
        let mut text = String::new();
        file.read_to_string(&mut text).unwrap();
        Some(text)
    }

    #[test]
    fn content_is_replaced_and_removed() {
        let home = tempfile::tempdir().unwrap();
        let path = home.path().join("a/b");
        assert!(PrivateDirectory::open(&path).unwrap().is_none());
        PrivateDirectory::create_all(&path).unwrap();
        let directory = PrivateDirectory::open(&path).unwrap().unwrap();
        assert_eq!(content(&directory, "x"), None);
        fs::write(path.join("x.new"), "left by a process that died").unwrap();
        for text in ["one", "two"] {
            directory.replace("x", "x.new", text.as_bytes()).unwrap();
            assert_eq!(content(&directory, "x").as_deref(), Some(text));
        }
        directory.open_file("x.lock", Access::Lock).unwrap().unwrap();
        let mut entries = directory.entries().unwrap();
        entries.sort();
        assert_eq!(entries, ["x", "x.lock"]);
        directory.remove("x").unwrap();
        directory.remove("x").unwrap();
        assert_eq!(content(&directory, "x"), None);
    }

    #[test]
    fn a_path_to_neither_file_nor_directory_is_refused() {
        let home = tempfile::tempdir().unwrap();
        fs::write(home.path().join("file"), "").unwrap();
        fs::create_dir(home.path().join("directory")).unwrap();
        let directory = PrivateDirectory::open(home.path()).unwrap().unwrap();
        let is_unsafe = |error| matches!(error, StateError::Unsafe { .. });
        assert!(is_unsafe(PrivateDirectory::open(&home.path().join("file")).unwrap_err()));
        assert!(is_unsafe(directory.open_file("directory", Access::Lock).unwrap_err()));
    }
}
