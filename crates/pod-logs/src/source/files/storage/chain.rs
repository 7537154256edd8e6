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
    /// Files of the log that were written before these and do not belong to the chain, as far as
    /// they are known.
    pub(crate) earlier: Vec<Arc<LogFile>>,
    /// Tokens in its lines are masked: always, but for the bench that measures what that costs.
    pub(crate) is_masked: bool,
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
        Self {
            files,
            start: 0,
            starts_clean: true,
            until: None,
            earlier: Vec::new(),
            is_masked: true,
        }
    }

    /// Of all this only what lies in the last file.
    pub(crate) fn in_last_file(mut self) -> Self {
        let earlier = self.files.len().saturating_sub(1);
        if earlier > 0 {
            self.earlier.extend(self.files.drain(..earlier));
            (self.start, self.starts_clean) = (0, true);
        }
        self
    }

    /// What it takes to read all of it.
    pub(crate) fn cost(&self) -> ReadingCost {
        let cost: ReadingCost = self.files.iter().map(|file| file.cost()).sum();
        let rest =
            ReadingCost { stored_bytes: cost.stored_bytes.saturating_sub(self.start), ..cost };
        // Of the file before only the end counts, unless all of it has to be decompressed.
        let before = self.before().filter(|_| self.start == 0);
        let before = before.and_then(|before| Some(before.files.last()?.cost()));
        before.filter(|before| before.is_compressed).into_iter().chain([rest]).sum()
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
            earlier: self.before_file(index),
            is_masked: self.is_masked,
        }
    }

    /// The files before one of the chain's.
    pub(crate) fn before_file(&self, index: usize) -> Vec<Arc<LogFile>> {
        self.earlier.iter().chain(&self.files[..index]).cloned().collect()
    }

    /// What was written in the same run of the container before the place where the chain begins.
    /// `None` if there is nothing, or if that is not for certain where a line begins.
    pub(crate) fn before(&self) -> Option<Self> {
        let first = self.files.first().filter(|_| self.starts_clean)?;
        let of_run = self.earlier.iter().rev().take_while(|file| file.run == first.run);
        let mut files: Vec<_> = of_run.cloned().collect();
        files.reverse();
        let mark = LineMark { offset: self.start, open_from: OpenFrom::SameFile(self.start) };
        let until = (self.start > 0).then_some(Until { mark, is_inclusive: true });
        files.extend(until.map(|_| first.clone()));
        (!files.is_empty()).then(|| Self { until, ..Self::whole(files) })
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
