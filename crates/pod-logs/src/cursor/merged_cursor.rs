//! How far many logs were read, as an opaque text of at most 4,096 characters.
//!
//! ```text
//! base64url( version, 'm', selection 4, watermark 8, number of logs 2, logs…, crc32 )
//! log   = key 6, flags 1, rest              sorted by key; skipped and forbidden: no rest
//! rest  = run, [place], [age], [levels 1]   the flags say which of them are there
//! place = fingerprint 4, offset seen, back | fingerprint 4, offset seen, fingerprint 4, offset
//! ```
//!
//! The fixed numbers are big-endian; the others have seven bits a byte, the lowest first, and the
//! highest bit of a byte says that another one follows. The watermark is in nanoseconds since 1970,
//! and an age, in milliseconds, is how long before it the last line was.

use std::collections::BTreeMap;

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use chrono::{DateTime, Utc};

use super::{
    FilePosition, InvalidCursor, LogPosition, MAX_TEXT_BYTES, cursor_reader::CursorReader,
    log_key::LogKey, with_checksum,
};
use crate::line::{filter::levels_before::LevelsBefore, target::ContainerName};

const VERSION: u8 = 1;
/// Logs of many pods.
const MANY: u8 = b'm';
/// Stands for no watermark.
const NO_TIME: i64 = i64::MIN;

/// What the two lowest bits of a log's flags say.
mod kind {
    pub(super) const READ: u8 = 0;
    pub(super) const BEGUN: u8 = 1;
    pub(super) const SKIPPED: u8 = 2;
    pub(super) const FORBIDDEN: u8 = 3;
    pub(super) const MASK: u8 = 3;
}
/// The oldest line that was not finished begins in another file.
const BEGINS_ELSEWHERE: u8 = 1 << 2;
/// A line was given, and its age is there.
const HAS_AGE: u8 = 1 << 3;
/// The levels of the lines before are there.
const HAS_LEVELS: u8 = 1 << 4;
const ALL_FLAGS: u8 = kind::MASK | BEGINS_ELSEWHERE | HAS_AGE | HAS_LEVELS;

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
    /// How long before the watermark the last line was, in milliseconds. `None` if none was given.
    pub(crate) age: Option<u64>,
    pub(crate) levels: LevelsBefore,
}

/// Where the reading goes on, as in a [`LogPosition`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct EntryPlace {
    pub(crate) begin: FilePosition,
    pub(crate) seen: FilePosition,
}

impl ReadEntry {
    /// The entry of a log that was read up to a position. `last` is the time of its last line.
    pub(crate) fn new(
        position: &LogPosition,
        last: Option<DateTime<Utc>>,
        watermark: Option<DateTime<Utc>>,
    ) -> Self {
        let LogPosition { container: _, restart, begin, mut seen, line: _, levels } = *position;
        let is_gone = !position.is_known() && last.is_some();
        if is_gone {
            // It is behind the lines that were given, in a file that is not known any more.
            seen.offset = seen.offset.max(1);
        }
        let is_place = position.is_known() || is_gone;
        let place = is_place.then_some(EntryPlace { begin, seen });
        let age = last.zip(watermark).map(|(last, watermark)| age(last, watermark));
        Self { restart, place, age, levels }
    }

    /// The same entry in a cursor of another watermark.
    pub(crate) fn as_of(
        &self,
        last: Option<DateTime<Utc>>,
        watermark: Option<DateTime<Utc>>,
    ) -> Self {
        let age = last.zip(watermark).map(|(last, watermark)| age(last, watermark));
        Self { age, ..self.clone() }
    }

    /// The position in the log of this container; without a place, one that is unknown.
    pub(crate) fn position(&self, container: &ContainerName) -> LogPosition {
        let unknown = FilePosition { fingerprint: 0, offset: 0 };
        let (begin, seen) =
            self.place.map_or((unknown, unknown), |place| (place.begin, place.seen));
        let (restart, levels) = (self.restart, self.levels);
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

    /// The time of the last line that an entry knows, to a millisecond: not after it.
    pub(crate) fn last_time_of(&self, entry: &ReadEntry) -> Option<DateTime<Utc>> {
        let age = i64::try_from(entry.age?).ok()?;
        let millis = self.watermark?.timestamp_millis().checked_sub(age)?;
        DateTime::from_timestamp_millis(millis)
    }

    /// Encodes it. `None` if the text would be longer than a cursor may be.
    #[must_use]
    pub fn encode(&self) -> Option<String> {
        let count = u16::try_from(self.logs.len()).ok()?;
        let mut bytes = Vec::with_capacity(32 * (1 + self.logs.len()));
        bytes.extend([VERSION, MANY]);
        bytes.extend(self.selection.to_be_bytes());
        bytes.extend(self.watermark.map_or(NO_TIME, nanoseconds).to_be_bytes());
        bytes.extend(count.to_be_bytes());
        for (key, entry) in &self.logs {
            bytes.extend(key.0);
            write_entry(&mut bytes, entry);
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
        let watermark = Some(i64::from_be_bytes(rest.array()?)).filter(|time| *time != NO_TIME);
        let watermark = watermark.map(DateTime::from_timestamp_nanos);
        let count = u16::from_be_bytes(rest.array()?);
        let mut logs = BTreeMap::new();
        for _ in 0..count {
            let key = LogKey(rest.array()?);
            // Each comes once, and in order.
            if logs.last_key_value().is_some_and(|(last, _)| *last >= key) {
                return None;
            }
            logs.insert(key, rest.entry()?);
        }
        rest.is_empty().then_some(Self { selection, watermark, logs })
    }
}

/// Times that nanoseconds cannot express, before 1677 or after 2262, are the nearest that they can.
fn nanoseconds(time: DateTime<Utc>) -> i64 {
    let nearest = if time < DateTime::UNIX_EPOCH { NO_TIME + 1 } else { i64::MAX };
    time.timestamp_nanos_opt().unwrap_or(nearest)
}

fn write_entry(bytes: &mut Vec<u8>, entry: &LogEntry) {
    let read = match entry {
        LogEntry::Read(read) => read,
        LogEntry::Skipped => return bytes.push(kind::SKIPPED),
        LogEntry::Forbidden => return bytes.push(kind::FORBIDDEN),
    };
    let ReadEntry { restart, place, age, levels } = read;
    let back = place.and_then(|place| back_in_file(&place));
    let mut flags = if place.is_some() { kind::READ } else { kind::BEGUN };
    let has_levels = *levels != LevelsBefore::default();
    for (is_there, flag) in [
        (place.is_some() && back.is_none(), BEGINS_ELSEWHERE),
        (age.is_some(), HAS_AGE),
        (has_levels, HAS_LEVELS),
    ] {
        flags |= if is_there { flag } else { 0 };
    }
    bytes.push(flags);
    write_number(bytes, (*restart).into());
    if let Some(EntryPlace { begin, seen }) = place {
        bytes.extend(seen.fingerprint.to_be_bytes());
        write_number(bytes, seen.offset);
        match back {
            Some(back) => write_number(bytes, back),
            None => {
                bytes.extend(begin.fingerprint.to_be_bytes());
                write_number(bytes, begin.offset);
            }
        }
    }
    if let Some(age) = age {
        write_number(bytes, *age);
    }
    bytes.extend(has_levels.then(|| levels.to_byte()));
}

/// How far before the place that was seen the reading begins, in the same file.
fn back_in_file(place: &EntryPlace) -> Option<u64> {
    let EntryPlace { begin, seen } = place;
    let is_same = begin.fingerprint == seen.fingerprint;
    if is_same { seen.offset.checked_sub(begin.offset) } else { None }
}

fn write_number(bytes: &mut Vec<u8>, mut number: u64) {
    while number >= 0x80 {
        bytes.push(number as u8 | 0x80);
        number >>= 7;
    }
    bytes.push(number as u8);
}

impl CursorReader<'_> {
    fn number(&mut self) -> Option<u64> {
        let mut number = 0;
        for shift in (0..u64::BITS).step_by(7) {
            let [byte] = self.array()?;
            let part = u64::from(byte & 0x7f);
            number |= part.checked_shl(shift).filter(|shifted| shifted >> shift == part)?;
            if byte & 0x80 == 0 {
                return Some(number);
            }
        }
        None
    }

    fn place_in_file(&mut self) -> Option<FilePosition> {
        let fingerprint = u32::from_be_bytes(self.array()?);
        Some(FilePosition { fingerprint, offset: self.number()? })
    }

    fn entry(&mut self) -> Option<LogEntry> {
        let [flags] = self.array()?;
        let kind = match flags & kind::MASK {
            kind::SKIPPED if flags == kind::SKIPPED => return Some(LogEntry::Skipped),
            kind::FORBIDDEN if flags == kind::FORBIDDEN => return Some(LogEntry::Forbidden),
            kind @ (kind::READ | kind::BEGUN) if flags & !ALL_FLAGS == 0 => kind,
            _ => return None,
        };
        let restart = u32::try_from(self.number()?).ok()?;
        let place = match kind {
            kind::READ => Some(self.place(flags & BEGINS_ELSEWHERE != 0)?),
            _ => None,
        };
        let age = if flags & HAS_AGE != 0 { Some(self.number()?) } else { None };
        let levels = if flags & HAS_LEVELS != 0 { self.levels()? } else { LevelsBefore::default() };
        Some(LogEntry::Read(ReadEntry { restart, place, age, levels }))
    }

    fn place(&mut self, begins_elsewhere: bool) -> Option<EntryPlace> {
        let seen = self.place_in_file()?;
        let begin = match begins_elsewhere {
            true => self.place_in_file()?,
            false => FilePosition { offset: seen.offset.checked_sub(self.number()?)?, ..seen },
        };
        Some(EntryPlace { begin, seen })
    }
}
