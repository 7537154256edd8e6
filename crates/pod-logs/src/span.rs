//! Which files of a log cannot hold a line of the time asked for.

use std::{io, sync::Arc};

use chrono::{DateTime, TimeDelta, Utc};

use super::{
    file::{Chain, LogFile},
    format::LineTime,
    query::LineFilter,
};

/// How much later than its last line a file may seem to have been written, and how much out of
/// order lines of two files may be.
const TOLERANCE: TimeDelta = TimeDelta::seconds(60);

/// Leaves out whole files at both ends that lie outside of the filter's times. A file is left out
/// only if two clocks agree on it: that of the file system, and the lines of the file after it.
pub(crate) fn skip_files(mut chain: Chain, filter: &LineFilter) -> io::Result<Chain> {
    if let Some(since) = filter.since {
        let mut skipped = 0;
        while let [file, later @ ..] = &chain.files[skipped..] {
            let ends_before =
                is_before(file.modified, since) && is_before(first_time_of_any(later)?, since);
            if !ends_before {
                break;
            }
            skipped += 1;
        }
        chain.files.drain(..skipped);
    }
    if let Some(until) = filter.until {
        while chain.files.len() > 1
            && is_after(first_time(&chain.files[chain.files.len() - 1])?, until)
        {
            chain.files.pop();
            // That was in the last file.
            chain.until = None;
        }
    }
    Ok(chain)
}

/// Whether all that comes before a line of this time comes before the filter's times.
pub(crate) fn is_long_before(time: &LineTime, filter: &LineFilter) -> bool {
    filter.since.is_some_and(|since| is_before(Some(time.instant()), since))
}

/// Whether all that comes after a line of this time comes after the filter's times.
pub(crate) fn is_long_after(time: &LineTime, filter: &LineFilter) -> bool {
    filter.until.is_some_and(|until| is_after(Some(time.instant()), until))
}

fn is_before(time: Option<DateTime<Utc>>, since: DateTime<Utc>) -> bool {
    // Since long before there was time is no bound at all.
    let Some(bound) = since.checked_sub_signed(TOLERANCE) else { return false };
    time.is_some_and(|time| time < bound)
}

fn is_after(time: Option<DateTime<Utc>>, until: DateTime<Utc>) -> bool {
    let Some(bound) = until.checked_add_signed(TOLERANCE) else { return false };
    time.is_some_and(|time| time > bound)
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
    use crate::physical::tests::plain;

    #[test]
    fn the_first_and_the_last_of_all_times_bound_nothing() {
        let file = || plain(b"2026-11-01T10:00:00Z stdout F x\n");
        let filter = LineFilter {
            since: Some(DateTime::<Utc>::MIN_UTC),
            until: Some(DateTime::<Utc>::MAX_UTC),
            ..LineFilter::default()
        };
        let chain = skip_files(Chain::whole(vec![file(), file()]), &filter).unwrap();
        assert_eq!(chain.files.len(), 2);
    }
}
