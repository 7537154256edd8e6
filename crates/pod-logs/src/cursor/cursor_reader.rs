//! The fields of a cursor, one after another.

use super::{FilePosition, LogPosition};
use crate::{
    line::filter::levels_before::LevelsBefore,
    source::kubernetes::{api::container_runs::RunId, feed::line_place::LinePlace},
};

/// Reads fields. Each is `None` where the content ends before it.
pub(super) struct CursorReader<'a>(&'a [u8]);

impl<'a> CursorReader<'a> {
    pub(super) fn new(content: &'a [u8]) -> Self {
        Self(content)
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(super) fn array<const N: usize>(&mut self) -> Option<[u8; N]> {
        let (array, rest) = self.0.split_first_chunk()?;
        self.0 = rest;
        Some(*array)
    }

    pub(super) fn text(&mut self) -> Option<&'a str> {
        let [length] = self.array()?;
        let (text, rest) = self.0.split_at_checked(usize::from(length))?;
        self.0 = rest;
        std::str::from_utf8(text).ok()
    }

    fn position(&mut self) -> Option<FilePosition> {
        Some(FilePosition {
            fingerprint: u32::from_be_bytes(self.array()?),
            offset: u64::from_be_bytes(self.array()?),
        })
    }

    pub(super) fn levels(&mut self) -> Option<LevelsBefore> {
        let [byte] = self.array()?;
        LevelsBefore::from_byte(byte)
    }

    /// A position in the log of an API server.
    pub(super) fn log_at_line(&mut self) -> Option<LogPosition> {
        let container = self.text()?.parse().ok()?;
        let restart = u32::from_be_bytes(self.array()?);
        let line = LinePlace {
            run: RunId(u32::from_be_bytes(self.array()?)),
            time: i64::from_be_bytes(self.array()?),
            number: u32::from_be_bytes(self.array()?),
            checksum: u32::from_be_bytes(self.array()?),
        };
        Some(LogPosition::at_line(container, restart, line, self.levels()?))
    }

    pub(super) fn log(&mut self, has_levels: bool) -> Option<LogPosition> {
        Some(LogPosition {
            container: self.text()?.parse().ok()?,
            restart: u32::from_be_bytes(self.array()?),
            begin: self.position()?,
            seen: self.position()?,
            line: None,
            levels: if has_levels { self.levels()? } else { LevelsBefore::default() },
        })
    }
}
