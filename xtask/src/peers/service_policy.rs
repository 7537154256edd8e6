//! Keeps Debian packages from starting their services while they are installed.

use std::{
    fs::{self, Permissions},
    io,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
};

use anyhow::Context;

/// 101: an action is forbidden by policy (Debian's `invoke-rc.d`).
const DENY_ALL: &str = "#!/bin/sh\n# Written by cargo xtask peers\nexit 101\n";

/// A `policy-rc.d` that denies everything, as long as this value lives. Tests start the programs
/// on ports of their own. A policy that is there already is the operator's, and stays.
pub(super) struct ServicePolicy {
    file: Option<PathBuf>,
}

impl ServicePolicy {
    /// The file of an earlier process that was killed is taken over, and removed in the end.
    pub(super) fn deny_all(directory: &Path) -> anyhow::Result<Self> {
        let file = directory.join("policy-rc.d");
        let is_ours = match fs::read_to_string(&file) {
            Ok(content) => content == DENY_ALL,
            Err(error) => error.kind() == io::ErrorKind::NotFound,
        };
        if !is_ours {
            return Ok(Self { file: None });
        }
        fs::write(&file, DENY_ALL).context("cannot write policy-rc.d")?;
        fs::set_permissions(&file, Permissions::from_mode(0o755))?;
        Ok(Self { file: Some(file) })
    }
}

impl Drop for ServicePolicy {
    fn drop(&mut self) {
        if let Some(Err(error)) = self.file.as_ref().map(fs::remove_file) {
            eprintln!("peers: cannot remove policy-rc.d: {error}");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn policy_of_the_operator_stays() {
        let root = tempfile::tempdir().unwrap();
        let file = root.path().join("policy-rc.d");
        fs::write(&file, "#!/bin/sh\nexit 0\n").unwrap();
        drop(ServicePolicy::deny_all(root.path()).unwrap());
        assert_eq!(fs::read_to_string(&file).unwrap(), "#!/bin/sh\nexit 0\n");
    }

    #[test]
    fn policy_of_a_killed_process_is_removed() {
        let root = tempfile::tempdir().unwrap();
        let file = root.path().join("policy-rc.d");
        fs::write(&file, DENY_ALL).unwrap();
        drop(ServicePolicy::deny_all(root.path()).unwrap());
        assert!(!file.exists());
    }
}
