//! Whether the files of the database are still the ones that were opened.

use std::{
    fs::{self, File},
    io,
    os::unix::fs::MetadataExt,
    path::{Path, PathBuf},
};

/// The database file and its `-wal`, by inode. SQLite does not notice when they are deleted or
/// replaced: it goes on with files that no later process finds, so that acknowledged writes are
/// lost.
#[derive(Debug)]
pub(in crate::store::database) struct DatabaseFiles(Vec<(PathBuf, Inode)>);

/// Device and number.
type Inode = (u64, u64);

impl DatabaseFiles {
    /// The files of an open database at this path.
    ///
    /// # Errors
    /// When one of them is not there any more.
    pub(in crate::store::database) fn opened(path: &Path) -> io::Result<Self> {
        let files = [path.to_owned(), wal_of(path)];
        let known = files.into_iter().map(|path| inode(&path).map(|inode| (path, inode)));
        known.collect::<io::Result<_>>().map(Self)
    }

    /// None: of a database in memory.
    pub(in crate::store::database) fn none() -> Self {
        Self(Vec::new())
    }

    /// Syncs their directory, so that they are found after a power cut. SQLite does so as well, but
    /// does not tell when it fails.
    ///
    /// # Errors
    /// When it cannot be synced.
    pub(in crate::store::database) fn sync_directory(&self) -> io::Result<()> {
        self.0.last().map_or(Ok(()), |(wal, _)| sync_directory_of(wal))
    }

    /// # Errors
    /// When a file was deleted or replaced.
    pub(super) fn check(&self) -> io::Result<()> {
        for (path, opened) in &self.0 {
            if inode(path).ok() != Some(*opened) {
                let fault = format!("{} was deleted or replaced while it was open", path.display());
                return Err(io::Error::other(fault));
            }
        }
        Ok(())
    }
}

/// SQLite keeps it beside the file that a symbolic link leads to.
pub(super) fn wal_of(path: &Path) -> PathBuf {
    let mut wal = fs::canonicalize(path).unwrap_or_else(|_| path.to_owned()).into_os_string();
    wal.push("-wal");
    wal.into()
}

/// Syncs the directory of a file, so that the file is found after a power cut.
///
/// # Errors
/// When it cannot be synced. A file system that syncs no directories is all right.
pub(in crate::store) fn sync_directory_of(path: &Path) -> io::Result<()> {
    let directory = path.parent().filter(|parent| !parent.as_os_str().is_empty());
    match File::open(directory.unwrap_or(Path::new(".")))?.sync_all() {
        Err(error) if error.kind() == io::ErrorKind::InvalidInput => Ok(()),
        synced => synced,
    }
}

fn inode(path: &Path) -> io::Result<Inode> {
    fs::metadata(path).map(|metadata| (metadata.dev(), metadata.ino()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_deleted_or_replaced_file_is_detected() {
        let directory = tempfile::tempdir().unwrap();
        let [path, wal, other] =
            ["sso.db", "sso.db-wal", "other"].map(|name| directory.path().join(name));
        for file in [&path, &wal] {
            fs::write(file, "").unwrap();
        }
        let files = DatabaseFiles::opened(&path).unwrap();
        files.check().unwrap();
        fs::rename(&wal, &other).unwrap();
        files.check().unwrap_err();
        fs::rename(&other, &wal).unwrap();
        files.check().unwrap();
        fs::write(&other, "").unwrap();
        fs::rename(&other, &path).unwrap();
        let fault = files.check().unwrap_err().to_string();
        assert!(fault.contains("sso.db was deleted or replaced"), "{fault}");
    }
}
