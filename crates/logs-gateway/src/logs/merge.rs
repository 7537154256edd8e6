//! The chosen lines of one or several logs, in the order of their times.

use std::io;

use chrono::{DateTime, Utc};

use super::{
    logical::{LogicalLine, LogicalLines},
    physical::FileRange,
    query::{LineFilter, LogQuery},
    tail,
};

/// Walks what a query chooses from several files: [`advance`](Self::advance), then look at
/// [`line`](Self::line). The lines of one file stay in their order; between files the earlier line
/// comes first, and of two at the same time that of the file named first.
#[derive(Debug)]
pub(crate) struct ChosenLines {
    files: Vec<ChosenFile>,
    filter: LineFilter,
    /// How many lines are still too many for the tail.
    skip: u64,
    /// Which file the present line is in; `None` before the first and after the last.
    present: Option<usize>,
}

#[derive(Debug)]
struct ChosenFile {
    lines: LogicalLines,
    /// When its present line was written, as far as anyone compares: only between files.
    time: Option<DateTime<Utc>>,
}

impl ChosenLines {
    /// Ready to walk: the files were read as far as is needed to find where the walk begins.
    pub(crate) fn new(mut ranges: Vec<FileRange>, query: &LogQuery) -> io::Result<Self> {
        let skip = match query.tail {
            Some(wanted) => shorten(&mut ranges, &query.filter, wanted)?,
            None => 0,
        };
        let open = |range| LogicalLines::new(range, query.filter.stream);
        let lines = ranges
            .into_iter()
            .map(open)
            .collect::<io::Result<Vec<_>>>()?;
        let files = lines
            .into_iter()
            .map(|lines| ChosenFile { lines, time: None })
            .collect();
        let mut chosen = Self {
            files,
            filter: query.filter,
            skip,
            present: None,
        };
        if chosen.files.len() > 1 {
            for index in 0..chosen.files.len() {
                chosen.advance_in(index)?;
            }
        }
        Ok(chosen)
    }

    /// Goes to the next line; false at the end.
    pub(crate) fn advance(&mut self) -> io::Result<bool> {
        while self.advance_any()? {
            if self.skip == 0 {
                return Ok(true);
            }
            self.skip -= 1;
        }
        Ok(false)
    }

    pub(crate) fn line(&self) -> Option<LogicalLine<'_>> {
        self.files[self.present?].lines.line()
    }

    /// How many bytes have not been read from the files yet.
    pub(crate) fn bytes_ahead(&self) -> u64 {
        self.files.iter().map(|file| file.lines.bytes_ahead()).sum()
    }

    fn advance_any(&mut self) -> io::Result<bool> {
        if self.files.len() == 1 {
            self.present = self.advance_in(0)?.then_some(0);
            return Ok(self.present.is_some());
        }
        if let Some(last) = self.present {
            self.advance_in(last)?;
        }
        let times = self
            .files
            .iter()
            .enumerate()
            .filter_map(|(index, file)| Some((file.time?, index)));
        self.present = times.min().map(|(_, index)| index);
        Ok(self.present.is_some())
    }

    /// Goes to the file's next line that passes the filter.
    fn advance_in(&mut self, index: usize) -> io::Result<bool> {
        let compares = self.files.len() > 1;
        let file = &mut self.files[index];
        file.time = None;
        while file.lines.advance()? {
            let Some(line) = file
                .lines
                .line()
                .filter(|line| self.filter.passes(&line.time))
            else {
                continue;
            };
            file.time = compares.then(|| line.time.instant());
            return Ok(true);
        }
        Ok(false)
    }
}

/// Shortens each range to one that holds its last `wanted` lines. How many too many they are
/// together is the answer.
fn shorten(ranges: &mut [FileRange], filter: &LineFilter, wanted: u64) -> io::Result<u64> {
    let mut found = 0_u64;
    for range in ranges {
        let tail = tail::find(range, filter, wanted)?;
        found += tail.lines;
        *range = tail.range;
    }
    Ok(found.saturating_sub(wanted))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::logs::physical::tests::range_of;

    fn log(lines: &[(u8, &str)]) -> FileRange {
        let lines: String = lines
            .iter()
            .map(|(second, text)| format!("2026-11-01T10:00:{second:02}Z stdout F {text}\n"))
            .collect();
        range_of(lines.as_bytes(), 0)
    }

    #[track_caller]
    fn check(ranges: Vec<FileRange>, query: &LogQuery, expected: &[&str]) {
        let mut chosen = ChosenLines::new(ranges, query).unwrap();
        let mut seen = Vec::new();
        while chosen.advance().unwrap() {
            seen.push(String::from_utf8(chosen.line().unwrap().content.to_vec()).unwrap());
        }
        assert_eq!(seen, expected);
    }

    fn tail(lines: u64) -> LogQuery {
        LogQuery {
            tail: Some(lines),
            ..LogQuery::default()
        }
    }

    #[test]
    fn files_are_merged_by_time_and_the_first_named_comes_first() {
        let files = || {
            vec![
                log(&[(1, "a1"), (3, "a3"), (5, "a5")]),
                log(&[(2, "b2"), (3, "b3")]),
                log(&[]),
            ]
        };
        check(
            files(),
            &LogQuery::default(),
            &["a1", "b2", "a3", "b3", "a5"],
        );
        check(files(), &tail(2), &["b3", "a5"]);
        check(files(), &tail(0), &[]);
        check(files(), &tail(9), &["a1", "b2", "a3", "b3", "a5"]);
    }

    #[test]
    fn a_file_out_of_order_stays_as_it_is() {
        check(
            vec![log(&[(5, "a"), (1, "b"), (3, "c")])],
            &LogQuery::default(),
            &["a", "b", "c"],
        );
    }

    #[test]
    fn a_line_passes_from_since_on_and_before_until() {
        let second = |second: u32| DateTime::from_timestamp(1_793_527_200 + i64::from(second), 0);
        let filter = LineFilter {
            stream: None,
            since: second(2),
            until: second(4),
        };
        let query = LogQuery {
            filter,
            ..LogQuery::default()
        };
        check(
            vec![log(&[(1, "a"), (2, "b"), (3, "c"), (4, "d")])],
            &query,
            &["b", "c"],
        );
        check(
            vec![log(&[(1, "a"), (2, "b"), (3, "c"), (4, "d")])],
            &LogQuery {
                tail: Some(1),
                ..query
            },
            &["c"],
        );
    }
}
