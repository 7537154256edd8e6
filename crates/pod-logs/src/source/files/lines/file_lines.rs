//! The lines of one container's log from its files.

use std::{io, sync::Arc};

use tokio::sync::watch;

use super::{
    logical::{LogicalLines, resumption::FileResumption},
    physical_line::{Advance, PlaceInFile},
    tail,
};
use crate::{
    cost::ReadingCost,
    counts::ReadCounts,
    line::{
        filter::{LineFilter, levels_before::LevelsBefore},
        log_line::{LineCount, LineEnding, LogLine, NextLine},
        log_run::LogRun,
        target::{LogName, PodUid},
    },
    search::block_search::BlockSearch,
    source::files::{
        follow::following::Following,
        storage::{
            chain::{FileChain, LineMark},
            log_file::LogFile,
        },
    },
};

/// A container's log whose files were found. Nothing was read of it yet.
#[derive(Debug)]
pub(crate) struct FileLog {
    pub(crate) name: Arc<LogName>,
    pub(crate) chain: FileChain,
    /// What tells in which files the log goes on, if it is followed.
    pub(crate) following: Option<Following>,
    /// The last line that the reader has seen already.
    pub(crate) last_seen: Option<LastSeen>,
    /// The incarnations of the pod before the one that the log is named by.
    pub(crate) earlier_uids: Vec<PodUid>,
}

/// The last line that a reader has seen.
#[derive(Debug)]
pub(crate) struct LastSeen {
    pub(crate) file: Arc<LogFile>,
    pub(crate) mark: LineMark,
    /// Where to go on behind it.
    pub(crate) resumption: FileResumption,
    /// The levels of the lines up to it.
    pub(crate) levels: LevelsBefore,
}

impl FileLog {
    /// A log as it is, not followed.
    #[cfg(test)]
    pub(crate) fn whole(chain: FileChain) -> Self {
        Self {
            name: LogName::sample("web", "app"),
            chain,
            following: None,
            last_seen: None,
            earlier_uids: Vec::new(),
        }
    }

    /// Shortens the log to an end that holds its last `wanted` lines that pass the filter, and
    /// counts those that pass in it; there may be more.
    pub(crate) fn shorten(&mut self, filter: &LineFilter, wanted: u64) -> io::Result<LineCount> {
        let tail = tail::find(&self.chain, filter, wanted)?;
        self.chain = tail.chain;
        Ok(tail.count)
    }

    /// The levels of the lines that the reader has seen already.
    pub(crate) fn levels_before(&self) -> LevelsBefore {
        self.last_seen.as_ref().map(|seen| seen.levels).unwrap_or_default()
    }

    /// Opens the log for reading, without the lines that are not of the filter's stream, and without
    /// most of those that its patterns cannot match.
    pub(crate) fn open(self, filter: &LineFilter) -> io::Result<FileLines> {
        let Self { name, chain, following, last_seen, earlier_uids } = self;
        let first = chain.files.first();
        let is_in_seen_file = last_seen
            .as_ref()
            .is_some_and(|seen| first.is_some_and(|first| Arc::ptr_eq(first, &seen.file)));
        let file_before = chain.earlier.last().filter(|file| !file.is_compressed()).cloned();
        let mut lines = LogicalLines::new(&chain, filter.stream)?;
        lines = lines.searching(BlockSearch::of(filter));
        lines.follow(following);
        Ok(FileLines { name, lines, file_before, last_seen, is_in_seen_file, earlier_uids })
    }
}

/// Walks the lines of a log: [`next`](Self::next), then look at [`line`](Self::line). Lines that
/// the reader has seen already are passed over.
#[derive(Debug)]
pub(crate) struct FileLines {
    name: Arc<LogName>,
    lines: LogicalLines,
    /// The file before the first one, whose end is where that begins.
    file_before: Option<Arc<LogFile>>,
    /// `None` once the reading is past it.
    last_seen: Option<LastSeen>,
    /// The reading has come to the file of the last line that was seen.
    is_in_seen_file: bool,
    earlier_uids: Vec<PodUid>,
}

impl FileLines {
    /// Goes to the next line.
    pub(crate) fn next(&mut self) -> io::Result<NextLine> {
        loop {
            match self.lines.advance()? {
                Advance::Line if self.was_seen() => {}
                Advance::Line => return Ok(NextLine::Line),
                Advance::Lost => {
                    let bytes = self.lines.take_lost_bytes();
                    if !self.is_before_seen_file() {
                        return Ok(NextLine::Gap(bytes));
                    }
                }
                Advance::Pending => return Ok(NextLine::Pending),
                Advance::End => return Ok(NextLine::End),
            }
        }
    }

    /// Goes to the next line that is not finished, when [`next`](Self::next) is pending.
    pub(crate) fn next_unfinished(&mut self) -> io::Result<NextLine> {
        Ok(match self.lines.flush()? {
            Advance::Line if !self.was_seen() => NextLine::Line,
            Advance::Lost => {
                let bytes = self.lines.take_lost_bytes();
                if self.is_before_seen_file() { NextLine::Pending } else { NextLine::Gap(bytes) }
            }
            Advance::Line | Advance::Pending | Advance::End => NextLine::Pending,
        })
    }

    /// The present line; `None` before the first and after the last.
    pub(crate) fn line(&self) -> Option<LogLine<'_>> {
        self.lines.line()
    }

    /// Appends the text of lines that come next, newlines included, up to about so many bytes;
    /// maybe none. There is no present line then. How much was appended is the answer.
    pub(crate) fn strip(&mut self, max_bytes: usize, out: &mut Vec<u8>) -> ReadCounts {
        match self.last_seen {
            None => self.lines.strip(max_bytes, out),
            Some(_) => ReadCounts::default(),
        }
    }

    /// Where to go on behind the last line that was looked at, or that the reader has seen. `None`
    /// if that lies in a file that was let go.
    pub(crate) fn resumption(&self) -> Option<FileResumption> {
        if let Some(last_seen) = &self.last_seen {
            return Some(last_seen.resumption.clone());
        }
        let here = self.lines.resumption()?;
        // A file without a first line is not known again, but the one before it is.
        match &self.file_before {
            Some(before) if here.is_in_first_line() => {
                let seen = PlaceInFile { file: before.clone(), offset: before.stored_bytes() };
                Some(FileResumption { open_from: None, seen })
            }
            _ => Some(here),
        }
    }

    /// The run of the present line; without one, the run that the reading has come to.
    pub(crate) fn run(&self) -> LogRun {
        LogRun::from_number(self.lines.run())
    }

    /// The incarnation of the pod that a run is in.
    pub(crate) fn uid_of(&self, run: LogRun) -> &PodUid {
        self.earlier_uids.iter().find(|uid| run.is_in(uid)).unwrap_or(&self.name.uid)
    }

    /// Whether the log has ended because its directory was removed.
    pub(crate) fn is_gone(&self) -> bool {
        self.lines.is_gone()
    }

    /// What was written up to here is not given before its line is finished.
    pub(crate) fn hold_until(&mut self, end: u64) {
        self.lines.hold_until(end);
    }

    /// Says that nothing more is read, though the log goes on.
    pub(crate) fn cut_off(&mut self) {
        self.lines.cut_off();
    }

    /// Reads less at once, and so holds less: there are other logs.
    pub(crate) fn read_little(&mut self) {
        self.lines.read_little();
    }

    /// Lets go of the files. Nothing more is read.
    pub(crate) fn close(&mut self) {
        self.last_seen = None;
        self.lines.close();
    }

    /// Reports changes of the log, if it is followed.
    pub(crate) fn changes(&self) -> Option<watch::Receiver<u64>> {
        self.lines.changes()
    }

    /// Whether files are read that came after those it began with.
    pub(crate) fn has_advanced(&self) -> bool {
        self.lines.has_advanced()
    }

    /// How much has been read, in bytes of the files' content.
    pub(crate) fn bytes_read(&self) -> u64 {
        self.lines.bytes_read()
    }

    /// The cost of reading the rest, as far as it is there.
    pub(crate) fn cost_ahead(&self) -> ReadingCost {
        self.lines.cost_ahead()
    }

    /// Lines that are lost here were seen.
    fn is_before_seen_file(&self) -> bool {
        self.last_seen.is_some() && !self.is_in_seen_file && !self.lines.has_advanced()
    }

    /// Whether the present line is one that the reader has seen.
    fn was_seen(&mut self) -> bool {
        // Asked first: every line comes here, and few readings begin at a cursor.
        let Some(last_seen) = &self.last_seen else {
            return false;
        };
        let Some(present) = self.lines.resumption() else {
            return false;
        };
        let ending = self.lines.line().map(|line| line.ending);
        let is_unfinished = ending == Some(LineEnding::Unfinished);
        let is_same_file = Arc::ptr_eq(&present.seen.file, &last_seen.file);
        // Files before that one are read only as far as they hold the beginning of a line.
        let is_past = match is_same_file {
            // No cursor is behind a line without its end.
            true if is_unfinished => present.mark() >= last_seen.mark,
            true => present.mark() > last_seen.mark,
            false => self.is_in_seen_file,
        };
        self.is_in_seen_file |= is_same_file;
        if is_past {
            self.last_seen = None;
        }
        !is_past
    }
}
