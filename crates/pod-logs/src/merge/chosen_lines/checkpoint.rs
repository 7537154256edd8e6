//! Where all logs can be taken up again.

use std::{collections::BTreeMap, io};

use super::ChosenLines;
use crate::{
    cursor::merged_cursor::{LogEntry, MergedCursor, ReadEntry},
    merge::{chosen_log::ChosenLog, many_logs::EndedLog},
};

impl ChosenLines {
    /// A cursor of all logs, behind the lines that were given out. `None` where that cannot be said,
    /// or while something is to be told that a client could not be told again.
    ///
    /// # Errors
    /// When a file cannot be read.
    pub(crate) fn checkpoint(&self) -> io::Result<Option<MergedCursor>> {
        let Some(many) = self.many.as_deref().filter(|many| many.lost.is_empty()) else {
            return Ok(None);
        };
        let mut logs = BTreeMap::new();
        let closed = many.ended.iter().map(|(key, ended)| {
            let entry = ReadEntry::new(&ended.position, ended.last_given, self.watermark);
            (*key, LogEntry::Read(entry))
        });
        logs.extend(closed.chain(many.known.entries()));
        logs.extend(many.kept.clone());
        for log in &self.logs {
            let Some(key) = log.key else { continue };
            let Some(entry) = self.entry_of(log)? else {
                return Ok(None);
            };
            logs.insert(key, LogEntry::Read(entry));
        }
        Ok(Some(MergedCursor { selection: many.selection, watermark: self.watermark, logs }))
    }

    fn entry_of(&self, log: &ChosenLog) -> io::Result<Option<ReadEntry>> {
        if let Some(lost) = &log.lost_entry {
            return Ok(Some(lost.as_of(log.last_given, self.watermark)));
        }
        let Some(resumption) = log.resumption() else {
            return Ok(None);
        };
        let position = resumption.position(&log.name.container)?;
        Ok(Some(ReadEntry::new(&position, log.last_given, self.watermark)))
    }

    /// Keeps where a log ended that is not gone.
    pub(super) fn keep_end(&mut self, index: usize) {
        let log = &self.logs[index];
        let position = log.resumption().map(|at| at.position(log.name.container.clone()));
        if let (Some(key), Some(Ok(position)), Some(many)) = (log.key, position, &mut self.many) {
            let last_given = log.last_given;
            many.ended.insert(key, EndedLog { position, last_given });
        }
    }
}
