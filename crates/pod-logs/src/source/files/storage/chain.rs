//! The files of a log in a row, and places in them.

use std::sync::Arc;

use super::log_file::LogFile;
use crate::cost::ReadingCost;

/// A place at or before a mark's offset.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum OpenFrom {
    /// In the file before. One further back is taken for it: lines do not stay open for long.
    EarlierFile(u64),
    SameFile(u64),
}

/// The files of a log in the order they were written, from some place on.
#[derive(Debug, Clone)]
pub(crate) struct FileChain {
    pub(crate) files: Vec<Arc<LogFile>>,
    /// Where in the first file to begin, in bytes of its content.
    pub(crate) start: u64,
    /// A line begins there, and none from before is open.
    pub(crate) starts_clean: bool,
    /// Where it ends, if that is before the end of the last file.
    pub(crate) until: Option<Until>,
}

/// Where a chain ends in its last file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Until {
    pub(crate) mark: LineMark,
    /// The line whose mark it is belongs to the chain.
    pub(crate) is_inclusive: bool,
}

impl Until {
    /// Whether a line with this mark in the last file lies behind the end.
    pub(crate) fn is_before(&self, mark: LineMark) -> bool {
        if self.is_inclusive { self.mark < mark } else { self.mark <= mark }
    }
}

/// What sets the lines that end in a file in order, as they are given out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct LineMark {
    /// What lies before it of the content has been seen, in bytes.
    pub(crate) offset: u64,
    /// Where the oldest line that is still open begins, which tells two lines apart that are given
    /// up at the same place.
    pub(crate) open_from: OpenFrom,
}

impl FileChain {
    /// All of the files.
    pub(crate) fn whole(files: Vec<Arc<LogFile>>) -> Self {
        Self { files, start: 0, starts_clean: true, until: None }
    }

    /// Of all this only what lies in the last file.
    pub(crate) fn in_last_file(mut self) -> Self {
        let earlier = self.files.len().saturating_sub(1);
        if earlier > 0 {
            self.files.drain(..earlier);
            (self.start, self.starts_clean) = (0, true);
        }
        self
    }

    /// What it takes to read all of it.
    pub(crate) fn cost(&self) -> ReadingCost {
        let cost: ReadingCost = self.files.iter().map(|file| file.cost()).sum();
        ReadingCost { stored_bytes: cost.stored_bytes.saturating_sub(self.start), ..cost }
    }

    /// The end of the chain, about `stored_bytes` of it. A compressed file is taken whole.
    pub(crate) fn last(&self, stored_bytes: u64) -> Self {
        let mut wanted = stored_bytes;
        for (index, file) in self.files.iter().enumerate().rev() {
            let first = if index == 0 { self.start } else { 0 };
            let available = self.end_of(index).saturating_sub(first);
            if wanted < available {
                return self.from(
                    index,
                    if file.is_compressed() { first } else { first + available - wanted },
                );
            }
            wanted -= available;
        }
        self.clone()
    }

    fn from(&self, index: usize, start: u64) -> Self {
        let is_whole = index == 0 && start == self.start;
        let begins_run =
            start == 0 && index > 0 && self.files[index - 1].run != self.files[index].run;
        Self {
            files: self.files[index..].to_vec(),
            start,
            starts_clean: begins_run || (is_whole && self.starts_clean),
            until: self.until,
        }
    }

    /// How much of a file, as it is stored, may belong to the chain. A compressed one is taken
    /// whole.
    fn end_of(&self, index: usize) -> u64 {
        let file = &self.files[index];
        match self.until {
            Some(until) if index + 1 == self.files.len() && !file.is_compressed() => {
                until.mark.offset.min(file.stored_bytes())
            }
            _ => file.stored_bytes(),
        }
    }

    /// Whether the other chain begins at the same place, of two with the same end.
    pub(crate) fn is_as_long_as(&self, other: &Self) -> bool {
        self.files.len() == other.files.len() && self.start == other.start
    }
}
