//! The log files of a container, as directories list them.

use std::{collections::BTreeSet, sync::Arc};

use rustix::fs::FileType;

use super::{beneath::DirectoryEntry, layout::LogFileName};
use crate::{
    line::target::ContainerName,
    query::{Anchor, History, LogQuery},
};

/// A log file, as a directory lists it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ListedFile {
    pub(crate) name: String,
    pub(crate) parsed: LogFileName,
    /// The link in the container's directory beside whose target the file is. `None` if the file is
    /// in the container's directory itself.
    pub(crate) beside: Option<String>,
    /// Its own, or that of the link's target where that is known: it differs as soon as another
    /// file has the name.
    pub(crate) inode: u64,
    /// The directory says that it is a link, or does not say what it is.
    pub(crate) may_be_link: bool,
}

/// The log files of a container sorted by run and name. The current one of a run is its last.
pub(crate) type ListedFiles = Arc<Vec<ListedFile>>;

/// Why a query about a container has no file to read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum NothingListed {
    Log,
    Previous,
    Run,
}

impl ListedFile {
    fn parse(entry: DirectoryEntry) -> Option<Self> {
        let parsed = LogFileName::parse(&entry.name)?;
        let may_be_link = matches!(entry.kind, FileType::Symlink | FileType::Unknown);
        Some(Self { parsed, beside: None, inode: entry.inode, may_be_link, name: entry.name })
    }
}

/// The log files among the entries of a container's directory, sorted by run and name.
/// While a file is compressed it is there twice: then the compressed one counts, which is whole
/// when it has its name.
pub(crate) fn in_order(entries: Vec<DirectoryEntry>) -> Vec<ListedFile> {
    let mut files: Vec<ListedFile> = entries.into_iter().filter_map(ListedFile::parse).collect();
    files.sort_by(|one, other| one.parsed.order().cmp(&other.parsed.order()));
    files.dedup_by(|later, earlier| later.parsed.is_twin_of(&earlier.parsed));
    files
}

/// The containers among the entries of a pod's directory, sorted.
pub(crate) fn containers_in(entries: &[DirectoryEntry]) -> Vec<ContainerName> {
    let is_directory = |kind: FileType| matches!(kind, FileType::Directory | FileType::Unknown);
    let directories = entries.iter().filter(|entry| is_directory(entry.kind));
    let mut containers: Vec<ContainerName> =
        directories.filter_map(|entry| entry.name.parse().ok()).collect();
    containers.sort();
    containers
}

/// Of the files of a container those that a query is about; all of the run if it is about the
/// current one and none has its name. `anchor` is the run that its cursor is in.
pub(crate) fn choose<'a>(
    files: &'a [ListedFile],
    query: &LogQuery,
    anchor: Option<u32>,
) -> Result<Vec<&'a ListedFile>, NothingListed> {
    let runs: BTreeSet<u32> = files.iter().map(|file| file.parsed.restart).collect();
    let mut latest = runs.iter().rev().copied();
    // Without any run there is no earlier one either.
    let nothing = if query.previous { NothingListed::Previous } else { NothingListed::Log };
    let last = latest.next().ok_or(nothing)?;
    let run = match anchor {
        Some(run) => run,
        None if query.previous => latest.next().ok_or(NothingListed::Previous)?,
        None => query.run.unwrap_or(last),
    };
    if anchor.is_none() && !runs.contains(&run) {
        return Err(NothingListed::Run);
    }
    let of_run = files.iter().filter(|file| file.parsed.restart == run);
    let from_run = files.iter().filter(|file| file.parsed.restart >= run);
    let is_resumed = matches!(query.anchor, Some(Anchor::After(_)));
    Ok(match query.history {
        _ if is_resumed && query.spans_runs() => from_run.collect(),
        History::All => files.iter().collect(),
        // A cursor may be in a file that was rotated since.
        History::Current if anchor.is_some() => of_run.collect(),
        History::Rotated => of_run.collect(),
        History::Current => match of_run.clone().find(|file| file.parsed.is_current()) {
            Some(current) => vec![current],
            None => of_run.collect(),
        },
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn listed(names: &[&str]) -> Vec<ListedFile> {
        let entry = |name: &&str| DirectoryEntry {
            name: (*name).to_owned(),
            kind: FileType::RegularFile,
            inode: 0,
        };
        in_order(names.iter().map(entry).collect())
    }

    #[track_caller]
    fn check_refused(names: &[&str], query: &LogQuery, expected: NothingListed) {
        assert_eq!(choose(&listed(names), query, None), Err(expected));
    }

    #[track_caller]
    fn check(names: &[&str], query: &LogQuery, expected: &[&str]) {
        let files = listed(names);
        let chosen = choose(&files, query, None).unwrap_or_default();
        let chosen: Vec<&str> = chosen.iter().map(|file| &*file.name).collect();
        assert_eq!(chosen, expected);
    }

    const NAMES: [&str; 9] = [
        "10.log",
        "9.log",
        "9.log.20261101-100000",
        "10.log.20261101-110000.gz",
        "10.log.20261101-120000",
        "10.log.20261101-120000.gz",
        "10.log.20261101-130000",
        "10.log.20261101-130000.tmp",
        "notes.txt",
    ];

    fn history(history: History, previous: bool) -> LogQuery {
        LogQuery { history, previous, ..LogQuery::default() }
    }

    #[test]
    fn files_come_in_the_order_of_their_runs_and_names() {
        let rotated = [
            "10.log.20261101-110000.gz",
            "10.log.20261101-120000.gz",
            "10.log.20261101-130000",
            "10.log",
        ];
        check(&NAMES, &history(History::Rotated, false), &rotated);
        check(&NAMES, &history(History::Current, false), &["10.log"]);
        check(&NAMES, &history(History::Current, true), &["9.log"]);
        let previous = ["9.log.20261101-100000", "9.log"];
        check(&NAMES, &history(History::Rotated, true), &previous);
        let all: Vec<&str> = previous.into_iter().chain(rotated).collect();
        check(&NAMES, &history(History::All, false), &all);
    }

    #[test]
    fn a_run_is_chosen_by_its_number() {
        let of_run = |run, history| LogQuery { run: Some(run), history, ..LogQuery::default() };
        check(&NAMES, &of_run(9, History::Rotated), &["9.log.20261101-100000", "9.log"]);
        check(&NAMES, &of_run(9, History::Current), &["9.log"]);
        check(&NAMES, &of_run(10, History::Current), &["10.log"]);
        check_refused(&[], &of_run(9, History::Rotated), NothingListed::Log);
        check_refused(&NAMES, &of_run(8, History::Rotated), NothingListed::Run);
    }

    #[test]
    fn in_the_moment_of_a_rotation_any_file_may_be_the_current_one() {
        let names = ["0.log.20261101-110000.gz", "0.log.20261101-120000"];
        check(&names, &history(History::Current, false), &names);
    }
}
