//! Whether files can be written where the configuration names them.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use rustix::fs::{Access, access};

/// Checks that there is a regular file that can be read and written, or that one can be created.
/// A pipe or a device will do as well.
///
/// # Errors
/// When neither is so.
pub fn check_file(variable: &'static str, path: &Path) -> Result<(), PathFault> {
    let fault = |cause| PathFault { variable, path: path.to_owned(), cause };
    match fs::metadata(path) {
        Ok(metadata) if metadata.is_dir() => Err(fault(io::ErrorKind::IsADirectory.into())),
        Ok(_) => access(path, Access::WRITE_OK).map_err(|error| fault(error.into())),
        Err(error) if error.kind() == io::ErrorKind::NotFound => check_directory(variable, path),
        Err(error) => Err(fault(error)),
    }
}

/// Checks that files can be created beside this one.
///
/// # Errors
/// When they cannot be.
pub fn check_directory(variable: &'static str, path: &Path) -> Result<(), PathFault> {
    let directory = match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    };
    let fault = |cause| PathFault { variable, path: directory.to_owned(), cause };
    match fs::metadata(directory) {
        Ok(metadata) if !metadata.is_dir() => Err(fault(io::ErrorKind::NotADirectory.into())),
        Ok(_) => access(directory, Access::WRITE_OK | Access::EXEC_OK)
            .map_err(|error| fault(error.into())),
        Err(error) => Err(fault(error)),
    }
}

/// A file cannot be written where it should be.
#[derive(Debug, thiserror::Error)]
#[error("{variable}: cannot write to {}: {cause}", .path.display())]
pub struct PathFault {
    variable: &'static str,
    /// The file, or the directory that it should be in.
    path: PathBuf,
    cause: io::Error,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_where_no_file_can_be_is_named() {
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join("file");
        check_file("X", &file).unwrap();
        fs::write(&file, "").unwrap();
        check_file("X", &file).unwrap();
        check_file("X", Path::new("file-in-the-working-directory")).unwrap();
        check_file("X", Path::new("/dev/null")).unwrap();
        for (path, named) in [
            (directory.path().to_owned(), directory.path().to_owned()),
            (file.join("below"), file),
            (directory.path().join("no/sso.db"), directory.path().join("no")),
        ] {
            let fault = check_file("SSO_X", &path).unwrap_err().to_string();
            let expected = format!("SSO_X: cannot write to {}", named.display());
            assert!(fault.starts_with(&expected), "{fault}");
        }
    }
}
