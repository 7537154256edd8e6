//! From one file of a log to the next.

use std::{io, mem, ops::Range, sync::Arc};

use tokio::sync::watch;

use super::PhysicalLines;
use crate::{
    search::{ahead::SearchesAhead, block_search::BlockSearch},
    source::files::{
        follow::{followed_log::NextFile, following::Following},
        lines::physical_line::{Advance, PhysicalEnd, PlaceInFile},
        storage::{extract_reader::ExtractReader, file_reader::FileReader, log_file::LogFile},
    },
};

impl PhysicalLines {
    /// Goes on where the log does, after the last file.
    pub(crate) fn follow(&mut self, following: Option<Following>) {
        self.following = following;
    }

    /// Reports changes of the log, if it is followed.
    pub(crate) fn changes(&self) -> Option<watch::Receiver<u64>> {
        self.following.as_ref().map(Following::changes)
    }

    /// Whether files are read that came after those it began with.
    pub(crate) fn has_advanced(&self) -> bool {
        self.has_advanced
    }

    /// Whether the log has ended because its directory was removed.
    pub(crate) fn is_gone(&self) -> bool {
        self.is_gone
    }

    /// Lets go of the files. Nothing more is read.
    pub(crate) fn close(&mut self) {
        (self.reader, self.ahead, self.following) = (None, None, None);
        self.files.clear();
        (self.buffer, self.unread, self.line) = (Vec::new(), 0..0, 0..0);
    }

    /// Goes on with another file after the last. Files that were read are let go, but for the last one
    /// with content before the present: a line may have begun there.
    pub(crate) fn append(&mut self, file: Arc<LogFile>) {
        let (before, present) = self.begins.split_at(self.present_file.min(self.begins.len()));
        let has_content = |begin: &u64| present.first().is_some_and(|next| begin < next);
        let kept = before.iter().rposition(has_content).unwrap_or(before.len().saturating_sub(1));
        self.let_go(kept + 1..before.len());
        self.let_go(0..kept);
        self.files.push(file);
    }

    /// Lets go of files before the present.
    fn let_go(&mut self, files: Range<usize>) {
        if !files.is_empty() {
            self.present_file -= files.len();
            self.files.drain(files.clone());
            self.begins.drain(files);
        }
    }

    /// The file after which nothing is known yet.
    pub(crate) fn last_file(&self) -> Option<&Arc<LogFile>> {
        self.files.last()
    }

    /// Where a position lies: at the end of the file before, if it is the beginning of a file whose
    /// first line is not whole, by which that is not known yet.
    pub(crate) fn known_place_of(&self, position: u64) -> Option<PlaceInFile> {
        let place = self.place_of(position)?;
        let index = self.begins.iter().rposition(|begin| *begin == position).unwrap_or(0);
        if index == 0 || place.offset > 0 || place.file.begins_whole() {
            return Some(place);
        }
        let before = index - 1;
        let file = self.files.get(before)?.clone();
        Some(PlaceInFile { file, offset: position - self.begins[before] })
    }

    /// How much was lost, in bytes, after [`Advance::Lost`]. `None` where that is not known.
    pub(crate) fn take_lost_bytes(&mut self) -> Option<u64> {
        Some(mem::take(&mut self.lost_bytes)).filter(|bytes| *bytes > 0)
    }

    /// How much of the present file will never be read, in bytes, because its readers were
    /// stopped.
    pub(super) fn revoked_bytes(&self) -> u64 {
        match self.files.get(self.present_file) {
            Some(file) if file.is_revoked() => {
                self.reader.as_ref().map_or(0, FileReader::stored_bytes_ahead)
            }
            _ => 0,
        }
    }

    /// Whether lines at the end of the present file will never be read.
    pub(super) fn has_lost_its_end(&self) -> bool {
        self.reader.as_ref().is_some_and(FileReader::is_broken) || self.revoked_bytes() > 0
    }

    /// Searches in the files that come next, while the present one is read.
    pub(crate) fn search_ahead(&mut self, search: Arc<BlockSearch>) {
        self.ahead = Some(SearchesAhead::new(search));
        self.begin_ahead();
    }

    fn begin_ahead(&mut self) {
        if let Some(ahead) = &mut self.ahead {
            ahead.begin(self.files.get(self.present_file + 1..).unwrap_or_default());
        }
    }

    /// Goes to the next file, if there is one already.
    pub(super) fn open_next(&mut self) -> io::Result<bool> {
        let Some(file) = self.files.get(self.present_file + 1) else {
            return Ok(false);
        };
        let file = file.clone();
        let extract = self.ahead.as_mut().map_or(Ok(None), |ahead| ahead.take(&file))?;
        self.reader = Some(match extract {
            Some(extract) => FileReader::Extract(Box::new(ExtractReader::new(extract))),
            None => FileReader::new(file, 0)?,
        });
        self.is_loss_told = false;
        self.present_file += 1;
        self.begin_ahead();
        self.begins.push(self.read_position);
        // A line is cut by the end of its file.
        self.end = PhysicalEnd::Newline;
        self.is_continuation = false;
        self.skipped_nuls = 0;
        Ok(true)
    }

    /// At the end of the last file: opens the one that the log goes on in and gives `None`, unless
    /// there is something to tell.
    pub(super) fn advance_file(&mut self) -> io::Result<Option<Advance>> {
        let Some(following) = self.following.as_ref().filter(|_| !self.has_ended) else {
            return Ok(Some(Advance::End));
        };
        let Some(last) = self.files.last() else {
            return Ok(Some(Advance::Pending));
        };
        let (next, is_after_gap) = match following.log.next_after(last) {
            NextFile::File(next) => (next, false),
            NextFile::AfterGap(next) => (next, true),
            NextFile::Wait => return Ok(Some(Advance::Pending)),
            NextFile::Ended => {
                (self.has_ended, self.is_gone) = (true, true);
                return Ok(Some(Advance::End));
            }
        };
        if next.run != last.run && !following.through_runs {
            self.has_ended = true;
            let is_loss = is_after_gap && self.is_exact;
            return Ok(Some(if is_loss { Advance::Lost } else { Advance::End }));
        }
        self.append(next);
        self.has_advanced = true;
        self.open_next()?;
        Ok(is_after_gap.then_some(Advance::Lost))
    }
}
