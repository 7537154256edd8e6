//! An entry of a cursor of many logs, as bytes.
//!
//! ```text
//! entry = flags 1, rest                     skipped and forbidden: no rest
//! rest  = run, [place], [age], [levels 1]   the flags say which of them are there
//! place = fingerprint 4, offset seen, back | fingerprint 4, offset seen, fingerprint 4, offset
//!       | run id 3, [age, number, [checksum 4]]   behind a line of an API server
//! ```
//!
//! The fixed numbers are big-endian; the others have seven bits a byte, the lowest first, and the
//! highest bit of a byte says that another one follows. An age, in milliseconds, is how long before
//! the watermark the last line was. That of a place behind a line is in nanoseconds, may be negative
//! and has its sign in the lowest bit; it is left out where nothing of the run was read, and so is
//! the checksum of a place behind an instant.

use super::{EntryPlace, LogEntry, ReadEntry};
use crate::{
    cursor::{FilePosition, cursor_reader::CursorReader},
    line::filter::levels_before::LevelsBefore,
    source::kubernetes::{api::container_runs::RunId, feed::line_place::LinePlace},
};

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
/// The place is behind a line of an API server.
const AT_LINE: u8 = 1 << 5;
const ALL_FLAGS: u8 = kind::MASK | BEGINS_ELSEWHERE | HAS_AGE | HAS_LEVELS | AT_LINE;

pub(super) fn write_entry(bytes: &mut Vec<u8>, entry: &LogEntry, watermark: i64) {
    let read = match entry {
        LogEntry::Read(read) => read,
        LogEntry::Skipped => return bytes.push(kind::SKIPPED),
        LogEntry::Forbidden => return bytes.push(kind::FORBIDDEN),
    };
    let ReadEntry { restart, place, age, levels } = read;
    let mut flags = match place {
        Some(EntryPlace::AtLine(line)) if line.is_beginning() => kind::BEGUN | AT_LINE,
        Some(EntryPlace::AtLine(_)) => kind::READ | AT_LINE,
        Some(EntryPlace::InFiles { begin, seen }) => match back_in_file(begin, seen) {
            Some(_) => kind::READ,
            None => kind::READ | BEGINS_ELSEWHERE,
        },
        None => kind::BEGUN,
    };
    let has_levels = *levels != LevelsBefore::default();
    for (is_there, flag) in [(age.is_some(), HAS_AGE), (has_levels, HAS_LEVELS)] {
        flags |= if is_there { flag } else { 0 };
    }
    bytes.push(flags);
    write_number(bytes, (*restart).into());
    match place {
        Some(EntryPlace::AtLine(line)) => write_line(bytes, line, watermark),
        Some(EntryPlace::InFiles { begin, seen }) => write_files(bytes, begin, seen),
        None => {}
    }
    if let Some(age) = age {
        write_number(bytes, *age);
    }
    bytes.extend(has_levels.then(|| levels.to_byte()));
}

fn write_files(bytes: &mut Vec<u8>, begin: &FilePosition, seen: &FilePosition) {
    bytes.extend(seen.fingerprint.to_be_bytes());
    write_number(bytes, seen.offset);
    match back_in_file(begin, seen) {
        Some(back) => write_number(bytes, back),
        None => {
            bytes.extend(begin.fingerprint.to_be_bytes());
            write_number(bytes, begin.offset);
        }
    }
}

fn write_line(bytes: &mut Vec<u8>, line: &LinePlace, watermark: i64) {
    let [_, id @ ..] = line.run.0.to_be_bytes();
    bytes.extend(id);
    if line.is_beginning() {
        return;
    }
    let age = watermark.wrapping_sub(line.time);
    write_number(bytes, ((age << 1) ^ (age >> 63)) as u64);
    write_number(bytes, line.number.into());
    if !line.is_instant() {
        bytes.extend(line.checksum.to_be_bytes());
    }
}

/// How far before the place that was seen the reading begins, in the same file.
fn back_in_file(begin: &FilePosition, seen: &FilePosition) -> Option<u64> {
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

    /// The next entry of a cursor with this watermark.
    pub(super) fn entry(&mut self, watermark: i64) -> Option<LogEntry> {
        let [flags] = self.array()?;
        let kind = match flags & kind::MASK {
            kind::SKIPPED if flags == kind::SKIPPED => return Some(LogEntry::Skipped),
            kind::FORBIDDEN if flags == kind::FORBIDDEN => return Some(LogEntry::Forbidden),
            kind @ (kind::READ | kind::BEGUN) if flags & !ALL_FLAGS == 0 => kind,
            _ => return None,
        };
        let restart = u32::try_from(self.number()?).ok()?;
        let place = match kind {
            _ if flags & AT_LINE != 0 => {
                if flags & (BEGINS_ELSEWHERE | HAS_AGE) != 0 {
                    return None;
                }
                Some(EntryPlace::AtLine(self.line(kind == kind::READ, watermark)?))
            }
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
        Some(EntryPlace::InFiles { begin, seen })
    }

    fn line(&mut self, is_read: bool, watermark: i64) -> Option<LinePlace> {
        let [first, second, third] = self.array()?;
        let run = RunId(u32::from_be_bytes([0, first, second, third]));
        if !is_read {
            return Some(LinePlace::beginning(run));
        }
        let age = self.number()?;
        let age = (age >> 1) as i64 ^ -((age & 1) as i64);
        let time = watermark.wrapping_sub(age);
        let number = u32::try_from(self.number()?).ok()?;
        let checksum = if number > 0 { u32::from_be_bytes(self.array()?) } else { 0 };
        let line = LinePlace { run, time, number, checksum };
        (!line.is_beginning()).then_some(line)
    }
}
