//! The time of a line, read exactly as leniently as the kubelet reads it: Go's `time.Parse` with
//! the layout `2006-01-02T15:04:05.999999999Z07:00`.
//!
//! That is RFC 3339, and besides: an hour of one digit, a comma before the fraction, and any number
//! of fraction digits, of which nine count.

use chrono::{DateTime, NaiveDate, SecondsFormat, Utc};

use super::{
    time_reader::TimeReader,
    utc_offset::{UtcOffset, two_digits},
};

/// A valid time, as it is written. Reading it checks the form; [`LineTime::instant`] does the sums.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LineTime {
    year: u16,
    month: u8,
    day: u8,
    hour: u8,
    minute: u8,
    second: u8,
    nanos: u32,
    offset: UtcOffset,
}

impl LineTime {
    /// What Go has for no time at all: the beginning of the year 1.
    pub const GO_ZERO: Self = Self {
        year: 1,
        month: 1,
        day: 1,
        hour: 0,
        minute: 0,
        second: 0,
        nanos: 0,
        offset: UtcOffset::NONE,
    };

    /// Reads the whole of `raw`.
    pub fn parse(raw: &[u8]) -> Option<Self> {
        let usual = raw.try_into().ok().and_then(Self::parse_usual);
        usual.or_else(|| Self::parse_any(raw))
    }

    /// Nearly every line of a node in UTC has nine digits and `Z`. Its digits are read without a
    /// branch for each: a time is read for every line, so this is where reading a log takes long.
    fn parse_usual(raw: &[u8; 30]) -> Option<Self> {
        const SHAPE: [u8; 30] = *b"0000-00-00T00:00:00.000000000Z";
        let mut digits = [0; SHAPE.len()];
        let mut differs = false;
        for ((digit, byte), shape) in digits.iter_mut().zip(raw).zip(SHAPE) {
            *digit = byte.wrapping_sub(b'0');
            differs |= if shape == b'0' { *digit > 9 } else { *byte != shape };
        }
        if differs {
            return None;
        }
        let two = |at: usize| digits[at] * 10 + digits[at + 1];
        let time = Self {
            year: u16::from(two(0)) * 100 + u16::from(two(2)),
            month: two(5),
            day: two(8),
            hour: two(11),
            minute: two(14),
            second: two(17),
            nanos: digits[20..29].iter().fold(0, |nanos, digit| nanos * 10 + u32::from(*digit)),
            offset: UtcOffset::NONE,
        };
        time.is_valid().then_some(time)
    }

    /// Whatever Go's parser reads.
    fn parse_any(raw: &[u8]) -> Option<Self> {
        let mut rest = TimeReader::new(raw);
        let year = u16::from(rest.two_digits()?) * 100 + u16::from(rest.two_digits()?);
        rest.expect(b'-')?;
        let month = rest.two_digits()?;
        rest.expect(b'-')?;
        let day = rest.two_digits()?;
        rest.expect(b'T')?;
        let hour = rest.one_or_two_digits()?;
        rest.expect(b':')?;
        let minute = rest.two_digits()?;
        rest.expect(b':')?;
        let second = rest.two_digits()?;
        let nanos = rest.fraction();
        let offset = rest.offset()?;
        let time = Self { year, month, day, hour, minute, second, nanos, offset };
        (rest.is_empty() && time.is_valid()).then_some(time)
    }

    /// Whether there is such a day, and such a time of it.
    fn is_valid(&self) -> bool {
        (1..=12).contains(&self.month)
            && (1..=days_in(self.month, self.year)).contains(&self.day)
            && self.hour < 24
            && self.minute < 60
            && self.second < 60
    }

    /// The instant, in UTC.
    pub fn instant(&self) -> DateTime<Utc> {
        let date = NaiveDate::from_ymd_opt(self.year.into(), self.month.into(), self.day.into());
        let local = date.and_then(|date| {
            date.and_hms_nano_opt(
                self.hour.into(),
                self.minute.into(),
                self.second.into(),
                self.nanos,
            )
        });
        // Every field was checked, so there is such a time.
        let local = local.unwrap_or_default().and_utc();
        local - self.offset.to_time_delta()
    }

    /// Writes it as the kubelet stamps lines: nine digits, the offset as written, `Z` for none.
    pub fn write_stamp(&self, out: &mut Vec<u8>) {
        let mut text = *b"0000-00-00T00:00:00.000000000";
        let [year_high, year_low] = [self.year / 100, self.year % 100].map(|part| part as u8);
        let fields = [
            (0, year_high),
            (2, year_low),
            (5, self.month),
            (8, self.day),
            (11, self.hour),
            (14, self.minute),
            (17, self.second),
        ];
        for (at, value) in fields {
            text[at..at + 2].copy_from_slice(&two_digits(value));
        }
        let mut nanos = self.nanos;
        for digit in text[20..].iter_mut().rev() {
            *digit += (nanos % 10) as u8;
            nanos /= 10;
        }
        out.extend_from_slice(&text);
        self.offset.write(out);
    }

    /// Whether it is written in UTC.
    pub(crate) fn is_in_utc(&self) -> bool {
        self.offset == UtcOffset::NONE
    }

    /// Writes the instant in UTC, with nine digits and `Z` (RFC 3339).
    pub(crate) fn write_utc(&self, out: &mut Vec<u8>) {
        if self.is_in_utc() {
            self.write_stamp(out);
        } else {
            let text = self.instant().to_rfc3339_opts(SecondsFormat::Nanos, true);
            out.extend_from_slice(text.as_bytes());
        }
    }
}

fn days_in(month: u8, year: u16) -> u8 {
    let leap = year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400));
    match month {
        2 if leap => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[track_caller]
    fn check(text: &str, stamp: &str) {
        let time = LineTime::parse(text.as_bytes()).unwrap();
        let mut out = Vec::new();
        time.write_stamp(&mut out);
        assert_eq!(String::from_utf8(out).unwrap(), stamp, "{text}");
        let instant = time.instant();
        let mut out = Vec::new();
        time.write_utc(&mut out);
        let utc = instant.to_rfc3339_opts(SecondsFormat::Nanos, true);
        assert_eq!(String::from_utf8(out).unwrap(), utc, "{text}");
        assert_eq!(instant, DateTime::parse_from_rfc3339(stamp).unwrap(), "{text}");
    }

    #[test]
    fn stamps_have_nine_digits_and_keep_their_zone() {
        check("2026-11-01T10:00:00Z", "2026-11-01T10:00:00.000000000Z");
        check("2026-11-01T10:00:00.123456789Z", "2026-11-01T10:00:00.123456789Z");
        check("2026-11-01T10:00:00.1+02:00", "2026-11-01T10:00:00.100000000+02:00");
        check("2026-11-01T10:00:00.1-09:30", "2026-11-01T10:00:00.100000000-09:30");
        check("2026-11-01T10:00:00+00:00", "2026-11-01T10:00:00.000000000Z");
    }

    #[test]
    fn lenient_times_are_parsed_as_go_parses_them() {
        check("2026-11-01T9:00:00Z", "2026-11-01T09:00:00.000000000Z");
        check("2026-11-01T10:00:00,5Z", "2026-11-01T10:00:00.500000000Z");
        check("2026-11-01T10:00:00.1234567891234Z", "2026-11-01T10:00:00.123456789Z");
        check("2024-02-29T10:00:00Z", "2024-02-29T10:00:00.000000000Z");
    }

    #[test]
    fn times_that_go_refuses_are_refused() {
        let cases = [
            "",
            "2026-11-01",
            "2026-11-01T10:00:00",
            "2026-11-01t10:00:00Z",
            "2026-11-01T10:00:00z",
            "2026-11-01T10:00:00+0200",
            "2026-11-01T10:00:60Z",
            "2026-11-01T10:60:00Z",
            "2026-11-01T24:00:00Z",
            "2026-11-01T10:00:00.Z",
            "2026-13-01T10:00:00Z",
            "2026-00-01T10:00:00Z",
            "2026-11-31T10:00:00Z",
            "2026-11-00T10:00:00Z",
            "2026-02-29T10:00:00Z",
            "1900-02-29T10:00:00Z",
            "2026-11-01T10:00:00Zx",
            "2026-11-01 10:00:00Z",
            "26-11-01T10:00:00Z",
            "2026-11-01T10:00:00+25:00",
            "2026-11-01T10:00:00+02:61",
        ];
        for text in cases {
            assert_eq!(LineTime::parse(text.as_bytes()), None, "{text}");
        }
    }

    proptest! {
        #[test]
        fn every_rfc_3339_time_is_read_as_chrono_reads_it(
            seconds in -62_135_596_800_i64..253_402_300_799, nanos in 0_u32..1_000_000_000,
        ) {
            let instant = DateTime::from_timestamp(seconds, nanos).unwrap();
            let text = instant.to_rfc3339_opts(SecondsFormat::AutoSi, true);
            prop_assert_eq!(LineTime::parse(text.as_bytes()).unwrap().instant(), instant);
        }

        #[test]
        fn the_usual_form_is_read_as_any_other(
            text in "(20[0-9]{2}-[01][0-9]-[0-3][0-9]T[0-2][0-9]:[0-6][0-9]:[0-6][0-9]\\.[0-9]{9}Z|[0-9TZ:.-]{30})",
        ) {
            let raw = text.as_bytes();
            prop_assert_eq!(LineTime::parse(raw), LineTime::parse_any(raw));
        }

        #[test]
        fn any_bytes_are_judged_without_panic(bytes: Vec<u8>) {
            let _ = LineTime::parse(&bytes).map(|time| time.instant());
        }
    }
}
