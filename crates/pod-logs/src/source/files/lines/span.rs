//! Which files of a log cannot hold a line of the time asked for.

use std::{io, sync::Arc};

use chrono::{DateTime, Utc};

use crate::{
    line::filter::LineFilter,
    source::files::storage::{chain::FileChain, log_file::LogFile},
};

/// Leaves out whole files at both ends that lie outside of the filter's times. A file is left out
/// only if two clocks agree on it: that of the file system, and the lines of the file after it.
pub(crate) fn skip_files(mut chain: FileChain, filter: &LineFilter) -> io::Result<FileChain> {
    let is_before = |time: Option<DateTime<Utc>>| time.is_some_and(|at| filter.is_long_before(at));
    let is_after = |time: Option<DateTime<Utc>>| time.is_some_and(|at| filter.is_long_after(at));
    let mut skipped = 0;
    while let [file, later @ ..] = &chain.files[skipped..] {
        if !is_before(file.modified) || !is_before(first_time_of_any(later)?) {
            break;
        }
        skipped += 1;
    }
    chain.earlier.extend(chain.files.drain(..skipped));
    while let [_, .., last] = &chain.files[..] {
        if !is_after(if filter.until.is_some() { first_time(last)? } else { None }) {
            break;
        }
        chain.files.pop();
        // That was in the last file.
        chain.until = None;
    }
    Ok(chain)
}

/// The time of the first line that has one, in the first file that has such a line.
fn first_time_of_any(files: &[Arc<LogFile>]) -> io::Result<Option<DateTime<Utc>>> {
    files.iter().find_map(|file| first_time(file).transpose()).transpose()
}

/// The time of the first line that has one, if it is near the beginning of the file.
pub(crate) fn first_time(file: &Arc<LogFile>) -> io::Result<Option<DateTime<Utc>>> {
    Ok(file.head()?.first_time)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::files::lines::physical::tests::plain;

    #[test]
    fn the_first_and_the_last_of_all_times_bound_nothing() {
        let file = || plain(b"2026-11-01T10:00:00Z stdout F x\n");
        let filter = LineFilter {
            since: Some(DateTime::<Utc>::MIN_UTC),
            until: Some(DateTime::<Utc>::MAX_UTC),
            ..LineFilter::default()
        };
        let chain = skip_files(FileChain::whole(vec![file(), file()]), &filter).unwrap();
        assert_eq!(chain.files.len(), 2);
    }
}
