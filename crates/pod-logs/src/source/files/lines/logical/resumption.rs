//! Where the reading of files can be taken up again.

use std::{io, sync::Arc};

use crate::{
    cursor::{FilePosition, LogPosition},
    line::filter::levels_before::LevelsBefore,
    source::files::{
        lines::physical_line::PlaceInFile,
        storage::chain::{LineMark, OpenFrom},
    },
};

/// Where a reading can be taken up again behind a line.
#[derive(Debug, Clone)]
pub(crate) struct FileResumption {
    /// Where the oldest line that is still open begins, if there is one.
    pub(crate) open_from: Option<PlaceInFile>,
    /// Lines that end up to here have been seen.
    pub(crate) seen: PlaceInFile,
}

impl FileResumption {
    /// Where to begin reading.
    fn begin(&self) -> &PlaceInFile {
        self.open_from.as_ref().unwrap_or(&self.seen)
    }

    /// The mark of the line behind which the reading can be taken up.
    pub(crate) fn mark(&self) -> LineMark {
        let (begin, seen) = (self.begin(), &self.seen);
        let open_from = match Arc::ptr_eq(&begin.file, &seen.file) {
            true => OpenFrom::SameFile(begin.offset),
            false => OpenFrom::EarlierFile(begin.offset),
        };
        LineMark { offset: seen.offset, open_from }
    }

    /// Whether nothing was seen of a file whose first line may still be written, so that the file
    /// will not be known again.
    pub(crate) fn is_in_first_line(&self) -> bool {
        self.seen.offset == 0 && !self.seen.file.begins_whole()
    }

    /// The same for a cursor.
    ///
    /// # Errors
    /// When the first line of a file cannot be read.
    pub(crate) fn position<N>(&self, container: N) -> io::Result<LogPosition<N>> {
        let (begin, seen) = if self.is_in_first_line() {
            (UNKNOWN, UNKNOWN)
        } else {
            let seen = file_position(&self.seen)?;
            (self.open_from.as_ref().map_or(Ok(seen), file_position)?, seen)
        };
        Ok(LogPosition {
            container,
            restart: self.begin().file.restart(),
            begin,
            seen,
            line: None,
            levels: LevelsBefore::default(),
        })
    }
}

/// In a file that nothing is known of.
const UNKNOWN: FilePosition = FilePosition { fingerprint: 0, offset: 0 };

fn file_position(place: &PlaceInFile) -> io::Result<FilePosition> {
    Ok(FilePosition { fingerprint: place.file.fingerprint()?, offset: place.offset })
}
