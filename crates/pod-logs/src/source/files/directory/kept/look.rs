//! A look into a pod's directory, to keep what is there.

use std::{
    ffi::CString,
    io,
    os::{
        fd::{AsFd, OwnedFd},
        unix::ffi::OsStringExt,
    },
    path::{Path, PathBuf},
    sync::Arc,
};

use rustix::fs::fstat;

use super::{
    kept_pod::{FileIdentity, KeptFile, KeptLog, KeptPod},
    local::is_local,
};
use crate::{
    line::target::ContainerName,
    source::files::directory::{
        beneath::{directory, entries_of, log_file},
        layout::PodDirectory,
        listed::{ListedFile, ListedFiles, containers_in, in_order},
    },
};

/// A pod with more containers is not kept.
const MAX_CONTAINERS: usize = 8;
/// A container with more files is not kept.
const MAX_FILES: usize = 16;

/// Opens the logs of a pod. Each directory is watched before it is looked into, by `watch`, which
/// says whether that was possible.
///
/// # Errors
/// When the pod's directory cannot be read.
pub(super) fn look(
    root: &OwnedFd,
    root_path: &Path,
    name: PodDirectory,
    watch: impl Fn(&OwnedFd) -> io::Result<bool>,
) -> io::Result<Option<KeptPod>> {
    let pod = directory(root, &name.name())?;
    if !is_local(&pod)? || !watch(&pod)? {
        return Ok(None);
    }
    let containers = containers_in(&entries_of(&pod)?);
    if containers.len() > MAX_CONTAINERS {
        return Ok(None);
    }
    let look = PodLook { path: root_path.join(name.name()), pod, watch };
    // One container that cannot be kept is no reason against the others.
    let logs = containers.iter().filter_map(|container| {
        let (listed, files) = look.log(container).ok()??;
        Some(KeptLog { name: Arc::new(name.log_name(container)), listed, files })
    });
    let logs = logs.collect();
    Ok(Some(KeptPod { name: Arc::new(name), containers: Arc::new(containers), logs }))
}

struct PodLook<W> {
    path: PathBuf,
    pod: OwnedFd,
    watch: W,
}

impl<W: Fn(&OwnedFd) -> io::Result<bool>> PodLook<W> {
    fn log(&self, container: &ContainerName) -> io::Result<Option<(ListedFiles, Vec<KeptFile>)>> {
        let directory = directory(&self.pod, container.as_str())?;
        if !is_local(&directory)? || !(self.watch)(&directory)? {
            return Ok(None);
        }
        let listed = in_order(entries_of(&directory)?);
        // Without a file nothing would tell whether the path still leads here.
        let is_keepable = (1..=MAX_FILES).contains(&listed.len());
        if !is_keepable || listed.iter().any(|file| file.may_be_link) {
            return Ok(None);
        }
        let files = listed.iter().map(|file| self.open(container, file));
        let files = files.collect::<io::Result<_>>()?;
        Ok(Some((Arc::new(listed), files)))
    }

    fn open(&self, container: &ContainerName, listed: &ListedFile) -> io::Result<KeptFile> {
        let file = log_file(self.pod.as_fd(), container.as_str(), &listed.name, &[])?;
        let identity = FileIdentity::from(&fstat(&file)?);
        let path = self.path.join(container.as_str()).join(&listed.name);
        let path = CString::new(path.into_os_string().into_vec())?;
        Ok(KeptFile { path, file: Arc::new(file), identity })
    }
}
