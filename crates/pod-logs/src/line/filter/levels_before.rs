//! The levels that lines have from the lines before them.

use crate::line::{
    level::{Level, begins_with_exception, continues},
    stream::OutputStream,
};

/// The level of the last line of each stream, if it has one.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct LevelsBefore([LevelBefore; 2]);

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
enum LevelBefore {
    /// No line was seen that does not continue another.
    #[default]
    Unknown,
    Known(Option<Level>),
}

impl LevelsBefore {
    /// The number of values of one stream.
    const STATES: u8 = 2 + Level::ALL.len() as u8;

    /// Adds a line. One that shows no level and continues the one before has the level of that.
    pub(crate) fn add(&mut self, stream: OutputStream, text: &[u8]) {
        let before = &mut self.0[stream as usize];
        let shown = Level::shown_by(text);
        let is_continued =
            continues(text) || (before.may_be_failure() && begins_with_exception(text));
        if shown.is_some() || !is_continued {
            *before = LevelBefore::Known(shown);
        }
    }

    /// The level of the stream's last line.
    pub(crate) fn of(self, stream: OutputStream) -> Option<Level> {
        match self.0[stream as usize] {
            LevelBefore::Unknown => None,
            LevelBefore::Known(level) => level,
        }
    }

    /// Whether the level of the stream's last line does not depend on lines that were not seen.
    pub(crate) fn is_known(self, stream: OutputStream) -> bool {
        self.0[stream as usize] != LevelBefore::Unknown
    }

    /// A number for a cursor; 0 if nothing is known.
    pub(crate) fn to_byte(self) -> u8 {
        let [stdout, stderr] = self.0.map(LevelBefore::number);
        stdout + Self::STATES * stderr
    }

    /// What the number stands for.
    pub(crate) fn from_byte(byte: u8) -> Option<Self> {
        let level = |number| match number {
            0 => LevelBefore::Unknown,
            number => LevelBefore::Known(Level::ALL.get(usize::from(number) - 1).copied()),
        };
        let (stdout, stderr) = (byte % Self::STATES, byte / Self::STATES);
        (stderr < Self::STATES).then(|| Self([level(stdout), level(stderr)]))
    }
}

impl LevelBefore {
    /// Whether an exception in the next line may be the reason for this one.
    fn may_be_failure(self) -> bool {
        match self {
            Self::Unknown => true,
            Self::Known(level) => level >= Some(Level::Warn),
        }
    }

    /// 0, then the levels in their order, then none.
    fn number(self) -> u8 {
        match self {
            Self::Unknown => 0,
            Self::Known(Some(level)) => 1 + level as u8,
            Self::Known(None) => LevelsBefore::STATES - 1,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn after(lines: &[&str]) -> LevelsBefore {
        let mut levels = LevelsBefore::default();
        lines.iter().for_each(|line| levels.add(OutputStream::Stderr, line.as_bytes()));
        levels
    }

    #[test]
    fn a_line_that_continues_another_has_its_level() {
        for (lines, expected) in [
            (&["ERROR x", "\tat y", "Caused by: z", "  at w"][..], Some(Level::Error)),
            (&["ERROR x", "text", " more"], None),
            (&["ERROR x", "INFO y"], Some(Level::Info)),
            (&["\tat y"], None),
            (&["text", "\tat y"], None),
            (&["ERROR x", "java.io.IOException: closed, see info"], Some(Level::Error)),
            (&["WARN x", "a.b.C$MyException", "\tat y", "Caused by: z"], Some(Level::Warn)),
            (
                &["CRITICAL x", "Traceback (most recent call last):", "  File y", "ValueError: z"],
                Some(Level::Fatal),
            ),
            (&["INFO x", "java.io.IOException: closed", "\tat y"], None),
            (&["text", "ValueError: z"], None),
            (&["INFO x", "Error: z"], Some(Level::Error)),
        ] {
            assert_eq!(after(lines).of(OutputStream::Stderr), expected, "{lines:?}");
            assert_eq!(after(lines).of(OutputStream::Stdout), None);
        }
        assert!(!after(&["\tat y"]).is_known(OutputStream::Stderr));
        assert!(!after(&["java.io.IOException: y"]).is_known(OutputStream::Stderr));
        assert!(after(&["x", "\tat y"]).is_known(OutputStream::Stderr));
    }

    #[test]
    fn a_byte_keeps_what_is_known() {
        for byte in 0..64 {
            assert_eq!(LevelsBefore::from_byte(byte).unwrap().to_byte(), byte);
        }
        assert_eq!(LevelsBefore::from_byte(64), None);
        assert_eq!(LevelsBefore::default().to_byte(), 0);
    }
}
