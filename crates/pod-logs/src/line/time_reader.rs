//! The parts of a time, read as Go reads them.

use super::utc_offset::UtcOffset;

/// Reads the parts of a time one by one. Each is `None` where something else stands.
pub(super) struct TimeReader<'a>(&'a [u8]);

impl<'a> TimeReader<'a> {
    pub(super) fn new(raw: &'a [u8]) -> Self {
        Self(raw)
    }

    /// Whether all was read.
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(super) fn expect(&mut self, byte: u8) -> Option<()> {
        self.0 = self.0.strip_prefix(&[byte])?;
        Some(())
    }

    fn digit(&mut self) -> Option<u8> {
        let (first, rest) = self.0.split_first()?;
        let digit = first.wrapping_sub(b'0');
        if digit > 9 {
            return None;
        }
        self.0 = rest;
        Some(digit)
    }

    pub(super) fn two_digits(&mut self) -> Option<u8> {
        Some(self.digit()? * 10 + self.digit()?)
    }

    pub(super) fn one_or_two_digits(&mut self) -> Option<u8> {
        let first = self.digit()?;
        Some(self.digit().map_or(first, |second| first * 10 + second))
    }

    /// `.` or `,` and digits, in nanoseconds. Without a digit after it, the point is left standing.
    pub(super) fn fraction(&mut self) -> u32 {
        let [b'.' | b',', b'0'..=b'9', ..] = self.0 else {
            return 0;
        };
        self.0 = &self.0[1..];
        let (mut nanos, mut weight) = (0, 100_000_000);
        while let Some(digit) = self.digit() {
            nanos += u32::from(digit) * weight;
            weight /= 10;
        }
        nanos
    }

    /// `Z`, or `±hh:mm` up to 24:60 as Go has it.
    pub(super) fn offset(&mut self) -> Option<UtcOffset> {
        let (sign, rest) = self.0.split_first()?;
        self.0 = rest;
        if *sign == b'Z' {
            return Some(UtcOffset::NONE);
        }
        let hours = self.two_digits()?;
        self.expect(b':')?;
        let minutes = self.two_digits()?;
        if hours > 24 || minutes > 60 {
            return None;
        }
        let minutes = i16::from(hours) * 60 + i16::from(minutes);
        match sign {
            b'+' => Some(UtcOffset::from_minutes(minutes)),
            b'-' => Some(UtcOffset::from_minutes(-minutes)),
            _ => None,
        }
    }
}
