//! Which files come after one that is followed.

use std::{io, sync::Arc};

use super::state::KnownFiles;
use crate::{
    line::target::ContainerName,
    source::files::{
        directory::{
            listed::ListedFile,
            pod_logs::PodLogs,
            write_order::{OpenedFile, OpenedFiles},
        },
        storage::log_file::LogFile,
    },
};

/// Opens the files from this run on, in the order they were written. `None` if files were rotated
/// meanwhile.
pub(super) fn open_from(
    pod: &PodLogs<'_>,
    container: &ContainerName,
    listed: &[ListedFile],
    restart: u32,
) -> io::Result<Option<OpenedFiles>> {
    let from_run = listed.iter().filter(|file| file.parsed.restart >= restart);
    let opened = pod.open_in_order(container, &from_run.collect::<Vec<_>>());
    if **pod.list(container)? != *listed {
        return Ok(None);
    }
    opened.map(|opened| Some(opened.without_lost()))
}

pub(super) fn known_files(pod: &PodLogs<'_>, opened: &[OpenedFile]) -> KnownFiles {
    let mut known = KnownFiles::default();
    for OpenedFile { file, .. } in opened.iter().filter(|opened| !opened.is_current) {
        known.insert(file, pod.head(file));
    }
    known
}

/// Goes on in a copy of the last file that took its place, if there is one among those that were
/// opened.
pub(super) fn continue_in_copy(
    last: &LogFile,
    opened: &[OpenedFile],
    newer: &[&OpenedFile],
) -> io::Result<bool> {
    if opened.iter().any(|opened| opened.file.is_same_inode(last)) {
        return Ok(false);
    }
    let candidates: Vec<&OpenedFile> = match newer {
        // An empty file is like the beginning of any other.
        _ if last.stored_bytes() > 0 => opened.iter().collect(),
        [only] => vec![only],
        _ => Vec::new(),
    };
    for OpenedFile { file, .. } in candidates {
        if file.run == last.run && !file.is_compressed() && last.continue_in(file)? {
            last.grow()?;
            return Ok(true);
        }
    }
    Ok(false)
}

/// Whether the file is among those that were opened, maybe under a new name. An empty one has
/// nothing to be known by; nor is anything lost with it.
pub(super) fn is_among(file: &Arc<LogFile>, opened: &[OpenedFile]) -> io::Result<bool> {
    for other in opened {
        let is_renamed = !other.is_current && other.file.is_same_log(file)?;
        let are_empty =
            || Ok::<_, io::Error>(other.file.head()?.is_empty() && file.head()?.is_empty());
        if is_renamed || other.file.is_same_inode(file) {
            return Ok(true);
        }
        if other.file.is_compressed() && are_empty()? {
            return Ok(true);
        }
    }
    Ok(false)
}
