//! The files of a log that are listed and those that are followed, as one.

use std::{io, sync::Arc};

use crate::{
    query::{History, LogQuery},
    source::files::storage::log_file::LogFile,
};

/// Joins the files that were listed and those that are followed: each file once, in the order they
/// were written. The last one is always followed, so that the reading goes on after it.
///
/// What is followed has no holes, so the listed files before the first one that is followed as well
/// are older than all of it, and the rest are followed or will be. Files that were deleted since
/// they are followed count only for a cursor, which may be in one of them.
pub(super) fn splice(
    listed: Vec<Arc<LogFile>>,
    mut followed: Vec<Arc<LogFile>>,
    query: &LogQuery,
) -> io::Result<Vec<Arc<LogFile>>> {
    if query.history == History::Current && query.anchor.is_none() && query.run.is_none() {
        return Ok(followed.pop().into_iter().collect());
    }
    if query.history != History::All
        && let Some(run) = listed.last().map(|file| file.run)
    {
        followed.retain(|file| file.run == run);
    }
    let mut twins = Vec::with_capacity(followed.len());
    for file in &followed {
        twins.push(position_of(file, &listed)?);
    }
    let Some(older) = twins.iter().flatten().min() else {
        // What is listed is newer and will be followed, or nothing of this run is followed.
        return Ok(if followed.is_empty() { listed } else { followed });
    };
    let mut files = listed[..*older].to_vec();
    let deleted = twins.iter().take_while(|twin| twin.is_none()).count();
    let first = if query.anchor.is_none() { deleted } else { 0 };
    let last = followed.len() - 1;
    for (index, file) in followed.into_iter().enumerate().skip(first) {
        files.push(match twins[index] {
            // It was compressed, and what was deleted is not held for ever.
            Some(twin) if index < last && file.is_deleted()? => listed[twin].clone(),
            _ => file,
        });
    }
    Ok(files)
}

/// Where among the files the same log is, maybe compressed.
fn position_of(file: &Arc<LogFile>, files: &[Arc<LogFile>]) -> io::Result<Option<usize>> {
    if let Some(same) = files.iter().position(|other| other.is_same_inode(file)) {
        return Ok(Some(same));
    }
    for (index, other) in files.iter().enumerate() {
        if other.is_same_log(file)? {
            return Ok(Some(index));
        }
    }
    Ok(None)
}
