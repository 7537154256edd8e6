//! How far many logs were read, as an opaque text of at most 4,096 characters.
//!
//! ```text
//! base64url( version, 'm', selection 4, watermark 8, number of logs 2, logs…, crc32 )
//! log   = key 6, entry                      sorted by key
//! ```
//!
//! [`entry_bytes`] says what an entry is. The watermark is in nanoseconds since 1970.

mod entry_bytes;

use std::collections::BTreeMap;

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use chrono::{DateTime, Utc};

use self::entry_bytes::write_entry;
use super::{
    FilePosition, InvalidCursor, LogPosition, MAX_TEXT_BYTES, cursor_reader::CursorReader,
    log_key::LogKey, with_checksum,
};
use crate::{
    line::{filter::levels_before::LevelsBefore, target::ContainerName},
    source::kubernetes::feed::line_place::LinePlace,
};

const VERSION: u8 = 1;
/// Logs of many pods.
const MANY: u8 = b'm';
/// Stands for no watermark.
const NO_TIME: i64 = i64::MIN;

/// How far the logs of many pods were read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MergedCursor {
    /// A checksum of what was asked for: globs, container and selector.
    pub selection: u32,
    /// The greatest time of a line that was given.
    pub(crate) watermark: Option<DateTime<Utc>>,
    pub(crate) logs: BTreeMap<LogKey, LogEntry>,
}

/// What a cursor knows of one log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum LogEntry {
    Read(ReadEntry),
    /// It was one too many, and stays out.
    Skipped,
    /// The permission was withdrawn. If it is given again, the log goes on at its end.
    Forbidden,
}

/// How far a log was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ReadEntry {
    /// The run that the place is in.
    pub(crate) restart: u32,
    /// `None`: at the first line of the run.
    pub(crate) place: Option<EntryPlace>,
    /// How long before the watermark the last line was, in milliseconds. `None` if none was given,
    /// or the place has its time.
    pub(crate) age: Option<u64>,
    pub(crate) levels: LevelsBefore,
}

/// Where the reading goes on, as in a [`LogPosition`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum EntryPlace {
    /// In the files of a node.
    InFiles { begin: FilePosition, seen: FilePosition },
    /// Behind a line of an API server.
    AtLine(LinePlace),
}

impl ReadEntry {
    /// The entry of a log that was read up to a position. `last` is the time of its last line.
    pub(crate) fn new<N>(
        position: &LogPosition<N>,
        last: Option<DateTime<Utc>>,
        watermark: Option<DateTime<Utc>>,
    ) -> Self {
        let LogPosition { container: _, restart, begin, mut seen, line, levels } = *position;
        if let Some(line) = line {
            return Self { restart, place: Some(EntryPlace::AtLine(line)), age: None, levels };
        }
        let is_gone = !position.is_known() && last.is_some();
        if is_gone {
            // It is behind the lines that were given, in a file that is not known any more.
            seen.offset = seen.offset.max(1);
        }
        let is_place = position.is_known() || is_gone;
        let place = is_place.then_some(EntryPlace::InFiles { begin, seen });
        let age = last.zip(watermark).map(|(last, watermark)| age(last, watermark));
        Self { restart, place, age, levels }
    }

    /// The same entry in a cursor of another watermark.
    pub(crate) fn as_of(
        &self,
        last: Option<DateTime<Utc>>,
        watermark: Option<DateTime<Utc>>,
    ) -> Self {
        if self.is_at_line() {
            return self.clone();
        }
        let age = last.zip(watermark).map(|(last, watermark)| age(last, watermark));
        Self { age, ..self.clone() }
    }

    /// Whether it is an entry of a log of an API server.
    pub(crate) fn is_at_line(&self) -> bool {
        matches!(self.place, Some(EntryPlace::AtLine(_)))
    }

    /// The position in the log of this container; without a place, one that is unknown.
    pub(crate) fn position(&self, container: &ContainerName) -> LogPosition {
        let unknown = FilePosition { fingerprint: 0, offset: 0 };
        let (restart, levels) = (self.restart, self.levels);
        let (begin, seen) = match self.place {
            Some(EntryPlace::AtLine(line)) => {
                return LogPosition::at_line(container.clone(), restart, line, levels);
            }
            Some(EntryPlace::InFiles { begin, seen }) => (begin, seen),
            None => (unknown, unknown),
        };
        LogPosition { container: container.clone(), restart, begin, seen, line: None, levels }
    }
}

/// In whole milliseconds since 1970, so that it is the same however often it is written and read.
fn age(last: DateTime<Utc>, watermark: DateTime<Utc>) -> u64 {
    let age = watermark.timestamp_millis() - last.timestamp_millis();
    u64::try_from(age).unwrap_or(0)
}

impl MergedCursor {
    /// The checksum of what is asked for.
    #[must_use]
    pub fn selection_checksum(parts: &[&str]) -> u32 {
        let mut hasher = crc32fast::Hasher::new();
        for part in parts {
            hasher.update(part.as_bytes());
            hasher.update(&[0]);
        }
        hasher.finalize()
    }

    /// The time of the last line that an entry knows, to a millisecond: not after it. In the log of
    /// an API server it is the exact time of a line that may not have passed the filter.
    pub(crate) fn last_time_of(&self, entry: &ReadEntry) -> Option<DateTime<Utc>> {
        if let Some(EntryPlace::AtLine(line)) = entry.place {
            return (!line.is_instant()).then(|| line.instant());
        }
        let age = i64::try_from(entry.age?).ok()?;
        let millis = self.watermark?.timestamp_millis().checked_sub(age)?;
        DateTime::from_timestamp_millis(millis)
    }

    /// Whether it knows a log from the files of a node.
    pub(crate) fn is_of_files(&self) -> bool {
        self.read_entries().any(|entry| !entry.is_at_line())
    }

    /// Whether it knows a log from an API server.
    pub(crate) fn is_of_api_server(&self) -> bool {
        self.read_entries().any(ReadEntry::is_at_line)
    }

    fn read_entries(&self) -> impl Iterator<Item = &ReadEntry> {
        self.logs.values().filter_map(|entry| match entry {
            LogEntry::Read(read) => Some(read),
            LogEntry::Skipped | LogEntry::Forbidden => None,
        })
    }

    /// Encodes it. `None` if the text would be longer than a cursor may be.
    #[must_use]
    pub fn encode(&self) -> Option<String> {
        let count = u16::try_from(self.logs.len()).ok()?;
        let mut bytes = Vec::with_capacity(32 * (1 + self.logs.len()));
        bytes.extend([VERSION, MANY]);
        bytes.extend(self.selection.to_be_bytes());
        let watermark = self.watermark.map_or(NO_TIME, nanoseconds);
        bytes.extend(watermark.to_be_bytes());
        bytes.extend(count.to_be_bytes());
        for (key, entry) in &self.logs {
            bytes.extend(key.0);
            write_entry(&mut bytes, entry, watermark);
        }
        Some(with_checksum(bytes)).filter(|text| text.len() <= MAX_TEXT_BYTES)
    }

    /// Reads the text of a cursor.
    ///
    /// # Errors
    /// When the text is not a cursor of many logs, or was cut off or changed.
    pub fn decode(text: &str) -> Result<Self, InvalidCursor> {
        Self::read(text).ok_or(InvalidCursor)
    }

    fn read(text: &str) -> Option<Self> {
        let bytes = Some(text).filter(|text| text.len() <= MAX_TEXT_BYTES)?;
        let bytes = URL_SAFE_NO_PAD.decode(bytes).ok()?;
        let (content, checksum) = bytes.split_last_chunk::<4>()?;
        if crc32fast::hash(content) != u32::from_be_bytes(*checksum) {
            return None;
        }
        let mut rest = CursorReader::new(content);
        if rest.array()? != [VERSION, MANY] {
            return None;
        }
        let selection = u32::from_be_bytes(rest.array()?);
        let nanoseconds = i64::from_be_bytes(rest.array()?);
        let watermark = (nanoseconds != NO_TIME).then_some(nanoseconds);
        let watermark = watermark.map(DateTime::from_timestamp_nanos);
        let count = u16::from_be_bytes(rest.array()?);
        let mut logs = BTreeMap::new();
        for _ in 0..count {
            let key = LogKey(rest.array()?);
            // Each comes once, and in order.
            if logs.last_key_value().is_some_and(|(last, _)| *last >= key) {
                return None;
            }
            logs.insert(key, rest.entry(nanoseconds)?);
        }
        rest.is_empty().then_some(Self { selection, watermark, logs })
    }
}

/// Times that nanoseconds cannot express, before 1677 or after 2262, are the nearest that they can.
fn nanoseconds(time: DateTime<Utc>) -> i64 {
    let nearest = if time < DateTime::UNIX_EPOCH { NO_TIME + 1 } else { i64::MAX };
    time.timestamp_nanos_opt().unwrap_or(nearest)
}
