//! Which incarnation of a pod was written to last.

use std::io;

use chrono::{DateTime, Utc};

use super::{open_failure::if_readable, pod_logs::PodLogs};

/// Sorts the incarnations of a pod: the one written last is at the end.
///
/// # Errors
/// When a directory or file cannot be read for a reason other than its absence.
pub(crate) fn sort_by_last_write(incarnations: &mut Vec<PodLogs<'_>>) -> io::Result<()> {
    if incarnations.len() < 2 {
        return Ok(());
    }
    let mut dated = Vec::with_capacity(incarnations.len());
    for pod in incarnations.drain(..) {
        dated.push((pod.last_write()?, pod));
    }
    dated.sort_by_key(|(last_write, _)| *last_write);
    incarnations.extend(dated.into_iter().map(|(_, pod)| pod));
    Ok(())
}

impl PodLogs<'_> {
    /// When any of its files was last written to. What cannot be read for certain does not count.
    ///
    /// # Errors
    /// When a directory or file cannot be read for a reason other than its absence.
    fn last_write(&self) -> io::Result<Option<DateTime<Utc>>> {
        let mut last_write = None;
        for container in if_readable(self.containers())?.unwrap_or_default().iter() {
            for file in if_readable(self.list(container))?.unwrap_or_default().iter() {
                let opened = if_readable(self.open_file(container, file))?;
                last_write = last_write.max(opened.and_then(|file| file.modified));
            }
        }
        Ok(last_write)
    }
}
