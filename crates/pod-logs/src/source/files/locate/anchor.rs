//! Begins or ends a log where a cursor says.

use std::sync::Arc;

use super::locate_error::LocateError;
use crate::{
    cursor::{FilePosition, LogPosition},
    line::target::LogName,
    source::files::{
        follow::following::Following,
        lines::{
            file_lines::{FileLog, LastSeen},
            logical::resumption::FileResumption,
            physical_line::PlaceInFile,
        },
        storage::{
            chain::{FileChain, LineMark, OpenFrom, Until},
            log_file::LogFile,
        },
    },
};

/// The claim of a cursor that a line begins at a place.
#[derive(Debug)]
pub(crate) struct ClaimedPosition {
    file: Arc<LogFile>,
    /// In bytes of the file's content.
    offset: u64,
}

impl ClaimedPosition {
    /// # Errors
    /// When no line begins there.
    pub(crate) fn check(&self) -> Result<(), LocateError> {
        if self.file.has_line_at(self.offset)? { Ok(()) } else { Err(LocateError::CursorExpired) }
    }
}

/// Begins where a cursor says.
pub(super) fn resume_at(
    name: Arc<LogName>,
    mut files: Vec<Arc<LogFile>>,
    following: Option<Following>,
    position: &LogPosition,
    claims: &mut Vec<ClaimedPosition>,
) -> Result<FileLog, LocateError> {
    let begin = begin_of(position, &files)?;
    let seen = begin + index_of(&position.seen, &files[begin..], |_| true)?;
    let seen = last_seen(position, &files[begin], &files[seen]);
    files.drain(..begin);
    claims.push(ClaimedPosition { file: files[0].clone(), offset: position.begin.offset });
    let chain = FileChain { start: position.begin.offset, ..FileChain::whole(files) };
    Ok(FileLog { name, chain, following, last_seen: Some(seen), earlier_uids: Vec::new() })
}

/// The last line that was given out before the position, whose files these are.
fn last_seen(position: &LogPosition, begin: &Arc<LogFile>, seen: &Arc<LogFile>) -> LastSeen {
    let place = |file: &Arc<LogFile>, at: &FilePosition| PlaceInFile {
        file: file.clone(),
        offset: at.offset,
    };
    let resumption = FileResumption {
        open_from: Some(place(begin, &position.begin)),
        seen: place(seen, &position.seen),
    };
    let (file, mark, levels) = (seen.clone(), mark_of(position), position.levels);
    LastSeen { file, mark, resumption, levels }
}

/// Ends where a cursor says.
pub(super) fn up_to(
    mut files: Vec<Arc<LogFile>>,
    position: &LogPosition,
    is_inclusive: bool,
    claims: &mut Vec<ClaimedPosition>,
) -> Result<FileChain, LocateError> {
    // Where the line begins may be gone: what is asked for is what is left of the lines before it.
    let begin = begin_of(position, &files).unwrap_or(0);
    let last = begin + index_of(&position.seen, &files[begin..], |_| true)?;
    let mark = mark_of(position);
    if let OpenFrom::SameFile(offset) = mark.open_from {
        claims.push(ClaimedPosition { file: files[last].clone(), offset });
    }
    files.truncate(last + 1);
    let until = Some(Until { mark, is_inclusive });
    Ok(FileChain { until, ..FileChain::whole(files) })
}

/// The file in which the oldest line begins that was not finished at the position. Files of other
/// runs may begin alike.
fn begin_of(position: &LogPosition, files: &[Arc<LogFile>]) -> Result<usize, LocateError> {
    index_of(&position.begin, files, |file| file.restart() == position.restart)
}

/// Which of the possible files has the place's fingerprint.
fn index_of(
    place: &FilePosition,
    files: &[Arc<LogFile>],
    is_possible: impl Fn(&LogFile) -> bool,
) -> Result<usize, LocateError> {
    // Such a file had nothing to be known by.
    if place.fingerprint == 0 {
        return Err(LocateError::CursorExpired);
    }
    for (index, file) in files.iter().enumerate() {
        if is_possible(file) && file.fingerprint()? == place.fingerprint {
            return Ok(index);
        }
    }
    Err(LocateError::CursorExpired)
}

/// The mark of the last line before the position.
fn mark_of(position: &LogPosition) -> LineMark {
    let open_from = match position.begin.fingerprint == position.seen.fingerprint {
        true => OpenFrom::SameFile(position.begin.offset),
        false => OpenFrom::EarlierFile(position.begin.offset),
    };
    LineMark { offset: position.seen.offset, open_from }
}
