//! Libraries of one language, in a directory of their own.

use std::{fs, path::Path};

use anyhow::Context;

use super::debian::Apt;
use crate::cargo;

pub(super) struct LibrarySet {
    pub(super) name: &'static str,
    /// Below `tests/peers/NAME`; the last one pins every version.
    pub(super) pinned: &'static [&'static str],
    /// Installs into a directory that holds the pinned files and nothing else.
    pub(super) install: fn(&Path, &Apt) -> anyhow::Result<()>,
}

impl LibrarySet {
    /// Does nothing if the pinned versions are there. The file with the installed versions is
    /// written last, so an interrupted installation starts anew.
    pub(super) fn install_into(&self, directory: &Path, apt: &Apt) -> anyhow::Result<()> {
        let source = cargo::workspace().join("tests/peers").join(self.name);
        let files = self.pinned.iter().map(|file| Ok((*file, fs::read(source.join(file))?)));
        let files = files.collect::<anyhow::Result<Vec<_>>>().context("no versions are named")?;
        let (_, versions) = files.last().context("no file names the versions")?;
        let installed = directory.join("installed");
        if fs::read(&installed).is_ok_and(|installed| installed == *versions) {
            return Ok(());
        }
        println!("peers: installing {} libraries into {}", self.name, directory.display());
        if directory.exists() {
            fs::remove_dir_all(directory).context("cannot remove the old ones")?;
        }
        fs::create_dir_all(directory)?;
        for (file, content) in &files {
            fs::write(directory.join(file), content)?;
        }
        (self.install)(directory, apt)?;
        fs::write(installed, versions)?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use anyhow::bail;

    use super::*;

    fn copy_versions(directory: &Path, _: &Apt) -> anyhow::Result<()> {
        let versions = fs::read(directory.join("requirements.txt"))?;
        fs::write(directory.join("here"), versions)?;
        Ok(())
    }

    const SMALL: LibrarySet =
        LibrarySet { name: "python", pinned: &["requirements.txt"], install: copy_versions };

    #[test]
    fn pinned_versions_are_not_installed_again() {
        let (root, apt) = (tempfile::tempdir().unwrap(), Apt::of_this_machine());
        let directory = root.path().join("python");
        SMALL.install_into(&directory, &apt).unwrap();
        let first = fs::metadata(directory.join("here")).unwrap().modified().unwrap();
        SMALL.install_into(&directory, &apt).unwrap();
        assert_eq!(fs::metadata(directory.join("here")).unwrap().modified().unwrap(), first);
        fs::write(directory.join("installed"), "kubernetes==1.0.0").unwrap();
        fs::write(directory.join("left"), "of another version").unwrap();
        SMALL.install_into(&directory, &apt).unwrap();
        assert!(!directory.join("left").exists());
    }

    #[test]
    fn interrupted_installation_starts_anew() {
        let (root, apt) = (tempfile::tempdir().unwrap(), Apt::of_this_machine());
        let fails = LibrarySet { install: |_, _| bail!("no network"), ..SMALL };
        fails.install_into(root.path(), &apt).unwrap_err();
        fails.install_into(root.path(), &apt).unwrap_err();
        SMALL.install_into(root.path(), &apt).unwrap();
        assert!(root.path().join("here").exists());
    }
}
