//! Finds the byte at which a log goes on.
//!
//! The kubelet takes lines away only from the beginning of a log. So if the last line that was
//! received is there, the log goes on behind it; if it is not, all that is there comes behind it,
//! whatever its times are.

use bytes::Bytes;
use memchr::memchr;

use super::{
    line_place::LinePlace,
    line_tracker::{BegunLine, LineTracker},
};

/// How much is kept of lines that may come behind a line that is still looked for, in bytes.
const MAX_KEPT: usize = 1024 * 1024;

/// Looks in an answer of the API server for the byte behind the last one that was received.
#[derive(Debug)]
pub(crate) struct Continuation {
    /// The last whole line that was received. `None` once it was found.
    place: Option<LinePlace>,
    /// How much of the line behind it was received, in bytes, and a checksum of that.
    begun: (usize, u32),
    /// The line that is looked at.
    line: BegunLine,
    /// What comes next if the place is not there any more; or, behind the place, what was received
    /// already.
    kept: Vec<u8>,
    /// The very line was there, with fewer of its time before it: what is kept comes behind it.
    has_likeness: bool,
    /// How many lines of the place's time have followed each other.
    number: u32,
}

/// Where the log goes on.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Continued {
    /// Right here, with these bytes.
    Here(Bytes),
    /// With these bytes, the beginning of a line. What came before them is gone.
    AfterLoss(Bytes),
}

impl Continuation {
    /// Looks for the byte behind those that were tracked.
    pub(crate) fn behind(tracker: &LineTracker) -> Self {
        let begun = tracker.begun();
        Self {
            place: tracker.place(),
            begun: (begun.length(), begun.checksum()),
            line: BegunLine::default(),
            kept: Vec::new(),
            has_likeness: false,
            number: 0,
        }
    }

    /// Whether something is kept because it is not known yet whether it comes next.
    pub(crate) fn keeps_lines(&self) -> bool {
        self.place.is_some_and(|place| !place.is_instant())
            && (self.has_likeness || !self.kept.is_empty())
    }

    /// Looks at the next bytes of the answer. `None`: it takes more of them.
    pub(crate) fn look(&mut self, bytes: &Bytes) -> Option<Continued> {
        if let Some(place) = self.place.filter(LinePlace::is_instant) {
            return self.look_for_later(place, bytes);
        }
        let mut at = 0;
        while let Some(place) = self.place {
            let rest = &bytes[at..];
            let end = memchr(b'\n', rest);
            let part = &rest[..end.map_or(rest.len(), |end| end + 1)];
            self.line.add(&rest[..end.unwrap_or(rest.len())]);
            self.kept.extend_from_slice(part);
            at += part.len();
            if end.is_some() {
                self.end_line(place);
            }
            if self.kept.len() > MAX_KEPT && self.place.is_some() {
                if self.is_behind(place) {
                    return Some(self.lose(bytes.slice(at..)));
                }
                // Lines from before the place, in all likelihood.
                self.kept.clear();
            }
            end?;
        }
        self.compare(bytes.slice(at..))
    }

    /// Where the log goes on if nothing more comes.
    pub(crate) fn give_up(&mut self) -> Option<Continued> {
        if self.place.is_some_and(|place| place.is_instant()) && self.begun.0 == 0 {
            return None;
        }
        if self.place.is_some() {
            return Some(self.lose(Bytes::new()));
        }
        // Of the line that had begun, nothing may be there any more.
        (self.begun.0 > 0).then(|| self.lose(Bytes::new()))
    }

    /// Passes over all lines up to the time of the place.
    fn look_for_later(&mut self, place: LinePlace, bytes: &Bytes) -> Option<Continued> {
        let mut at = 0;
        while at < bytes.len() {
            let rest = &bytes[at..];
            let end = memchr(b'\n', rest);
            self.line.add(&rest[..end.unwrap_or(rest.len())]);
            let time = self.line.time();
            // What has no time is no line, which the reader finds out.
            if time.is_some_and(|time| time > place.time) || time.is_none() && end.is_some() {
                self.place = None;
                let begun = std::mem::take(&mut self.kept);
                let line = bytes.slice(at..);
                return self.compare(if begun.is_empty() {
                    line
                } else {
                    [&begun, rest].concat().into()
                });
            }
            let part = &rest[..end.map_or(rest.len(), |end| end + 1)];
            at += part.len();
            if end.is_some() {
                self.line.clear();
            }
            match time {
                None => self.kept.extend_from_slice(part),
                Some(_) => self.kept.clear(),
            }
        }
        None
    }

    /// Judges a whole line.
    fn end_line(&mut self, place: LinePlace) {
        let time = self.line.time();
        let checksum = self.line.checksum();
        self.line.clear();
        self.number = if time == Some(place.time) { self.number + 1 } else { 0 };
        if time != Some(place.time) || checksum != place.checksum {
            return;
        }
        self.kept.clear();
        self.has_likeness = true;
        if self.number >= place.number {
            self.place = None;
        }
    }

    /// Whether the line that is looked at is certainly none from before the place.
    fn is_behind(&self, place: LinePlace) -> bool {
        self.has_likeness || self.line.time().is_some_and(|time| place.is_long_before(time))
    }

    /// Behind the place: passes over what was received of the next line.
    fn compare(&mut self, mut bytes: Bytes) -> Option<Continued> {
        let (length, checksum) = self.begun;
        let missing = length - self.kept.len();
        let known = bytes.split_to(missing.min(bytes.len()));
        self.kept.extend_from_slice(&known);
        if memchr(b'\n', &known).is_some() || self.kept.len() > MAX_KEPT {
            return Some(self.lose(bytes));
        }
        if self.kept.len() < length {
            return None;
        }
        match crc32fast::hash(&self.kept) == checksum {
            true => Some(Continued::Here(bytes)),
            false => Some(self.lose(bytes)),
        }
    }

    /// What was looked for is gone, unless the very line was there and nothing had begun behind it.
    fn lose(&mut self, rest: Bytes) -> Continued {
        let is_here = self.place.is_some() && self.has_likeness && self.begun.0 == 0;
        self.place = None;
        let kept = std::mem::take(&mut self.kept);
        let bytes = if kept.is_empty() { rest } else { [&kept[..], &rest].concat().into() };
        if is_here { Continued::Here(bytes) } else { Continued::AfterLoss(bytes) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::kubernetes::api::container_runs::RunId;

    const LOG: &str = "2026-11-01T10:00:00Z a\n2026-11-01T10:00:01Z b\n2026-11-01T10:00:01Z b\n\
                       2026-11-01T10:00:00.5Z c\n2026-11-01T10:00:02Z d\n";

    /// Tracks the first bytes of the log, and looks for the place behind them in an answer.
    fn continued(received: usize, answer: &str, piece: usize) -> Continued {
        let mut tracker = LineTracker::new(RunId(1), None);
        tracker.advance(&LOG.as_bytes()[..received]);
        continued_behind(&tracker, answer, piece)
    }

    fn continued_behind(tracker: &LineTracker, answer: &str, piece: usize) -> Continued {
        let mut looking = Continuation::behind(tracker);
        let mut rest = Bytes::copy_from_slice(answer.as_bytes());
        while !rest.is_empty() {
            let bytes = rest.split_to(piece.min(rest.len()));
            match looking.look(&bytes) {
                None => {}
                Some(Continued::Here(bytes)) => {
                    return Continued::Here([bytes, rest].concat().into());
                }
                Some(Continued::AfterLoss(bytes)) => {
                    return Continued::AfterLoss([bytes, rest].concat().into());
                }
            }
        }
        looking.give_up().unwrap_or(Continued::Here(Bytes::new()))
    }

    #[test]
    fn a_log_goes_on_at_the_very_byte() {
        for received in 0..=LOG.len() {
            for piece in [1, 7, LOG.len()] {
                let expected = Continued::Here(Bytes::from_static(&LOG.as_bytes()[received..]));
                assert_eq!(continued(received, LOG, piece), expected, "{received}, {piece}");
            }
        }
    }

    #[test]
    fn behind_an_instant_all_later_lines_come() {
        let instant = LOG[..20].parse().unwrap();
        let place = LinePlace::behind_instant(RunId(1), instant);
        let later = &LOG[23..];
        for received in 0..=46 {
            for piece in [1, 7, LOG.len()] {
                let mut tracker = LineTracker::new(RunId(1), Some(place));
                tracker.advance(&later.as_bytes()[..received]);
                let expected =
                    Continued::Here(Bytes::copy_from_slice(&later.as_bytes()[received..]));
                assert_eq!(continued_behind(&tracker, LOG, piece), expected, "{received}, {piece}");
            }
        }
        let nothing = continued_behind(&LineTracker::new(RunId(1), Some(place)), &LOG[..23], 5);
        assert_eq!(nothing, Continued::Here(Bytes::new()));
    }

    #[test]
    fn what_is_gone_is_a_loss_and_the_rest_comes_once() {
        let second = LOG.find('b').unwrap() + 2;
        let fourth = LOG.find('c').unwrap() - 23;
        let rest = &LOG[fourth..];
        for received in [second, fourth, fourth - 5] {
            for piece in [1, 9, rest.len()] {
                let expected = Continued::AfterLoss(Bytes::copy_from_slice(rest.as_bytes()));
                assert_eq!(continued(received, rest, piece), expected, "{received}, {piece}");
            }
        }
    }

    #[test]
    fn a_line_is_known_though_lines_of_its_time_are_gone() {
        let (third, fourth) = (LOG.rfind('b').unwrap() - 21, LOG.find('c').unwrap() - 23);
        let expected = Continued::Here(Bytes::from_static(&LOG.as_bytes()[fourth..]));
        assert_eq!(continued(fourth, &LOG[third..], LOG.len()), expected);
    }
}
