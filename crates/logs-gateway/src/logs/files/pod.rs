//! The log directory of one incarnation of a pod.

use std::{
    collections::BTreeSet,
    fs::File,
    io,
    os::fd::{AsFd, OwnedFd},
    sync::Arc,
    time::Instant,
};

use chrono::{DateTime, Utc};
use rustix::fs::FileType;

use super::{
    beneath::{self, Root},
    layout::{LogFileName, PodDirectory},
    listings::Listings,
};
use crate::logs::{
    file::LogFile,
    query::{Anchor, History, LogQuery},
    target::ContainerName,
};

/// How often a listing is made again because files were rotated meanwhile. The kubelet looks every
/// ten seconds, so once is rare.
const MAX_LISTINGS: usize = 5;

/// An open directory of a pod's logs.
#[derive(Debug)]
pub(super) struct PodLogs<'a> {
    directory: OwnedFd,
    pub(super) name: PodDirectory,
    surroundings: &'a Surroundings,
}

/// What the directories of all pods have in common.
#[derive(Debug)]
pub(super) struct Surroundings {
    /// Where a link may lead besides its pod's own directory.
    extra_roots: Vec<Root>,
    /// What the directories of pods list, sorted.
    containers: Listings<Vec<ContainerName>>,
    /// What the directories of containers list, in the order the files were written.
    files: Listings<Vec<ListedFile>>,
}

impl Surroundings {
    pub(super) fn new(extra_roots: Vec<Root>) -> Self {
        Self { extra_roots, containers: Listings::new(), files: Listings::new() }
    }
}

/// A log file, as its directory lists it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct ListedFile {
    pub(super) name: String,
    pub(super) parsed: LogFileName,
}

/// The log files of a container.
pub(super) type ListedFiles = Arc<Vec<ListedFile>>;

/// Why a container's files are not there.
#[derive(Debug)]
pub(super) enum Missing {
    Log,
    Previous,
    Io(io::Error),
}

impl From<io::Error> for Missing {
    /// What went away while it was looked for was not there.
    fn from(error: io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::NotFound => Self::Log,
            _ => Self::Io(error),
        }
    }
}

impl<'a> PodLogs<'a> {
    pub(super) fn open(
        root: &OwnedFd,
        name: PodDirectory,
        surroundings: &'a Surroundings,
    ) -> io::Result<Self> {
        let directory = beneath::directory(root, &name.name())?;
        Ok(Self { directory, name, surroundings })
    }

    /// The containers, sorted.
    pub(super) fn containers(&self) -> io::Result<Arc<Vec<ContainerName>>> {
        let is_directory =
            |kind: &FileType| matches!(kind, FileType::Directory | FileType::Unknown);
        self.surroundings.containers.of(&self.directory, Instant::now(), |names| {
            let directories = names.iter().filter(|(_, kind)| is_directory(kind));
            let mut containers: Vec<ContainerName> =
                directories.filter_map(|(name, _)| name.parse().ok()).collect();
            containers.sort();
            containers
        })
    }

    /// A container's files in the order they were written.
    pub(super) fn list(&self, container: &ContainerName) -> io::Result<ListedFiles> {
        let directory = beneath::directory(&self.directory, container.as_str())?;
        self.surroundings.files.of(directory, Instant::now(), |names| {
            in_order(names.into_iter().map(|(name, _)| name))
        })
    }

    pub(super) fn open_file(&self, container: &ContainerName, name: &str) -> io::Result<File> {
        beneath::log_file(
            self.directory.as_fd(),
            container.as_str(),
            name,
            &self.surroundings.extra_roots,
        )
    }

    /// Opens the files that a query about this container is about; `anchor` is the run that its
    /// cursor is in.
    pub(super) fn open_log(
        &self,
        container: &ContainerName,
        query: &LogQuery,
        anchor: Option<u32>,
    ) -> Result<Vec<Arc<LogFile>>, Missing> {
        let mut listed = self.list(container)?;
        for _ in 1..MAX_LISTINGS {
            let opened = self.open_listed(container, choose(&listed, query, anchor)?);
            // Had a file been rotated while they were opened, one would be missing between them.
            let again = self.list(container)?;
            match opened {
                Ok(opened) if again == listed => return Ok(opened),
                Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error.into()),
                _ => listed = again,
            }
        }
        Ok(self.open_listed(container, choose(&listed, query, anchor)?)?)
    }

    /// A number that no other run of a container of this pod's name has. The lower half is the
    /// count of restarts.
    pub(super) fn run_number(&self, restart: u32) -> u64 {
        let incarnation = crc32fast::hash(self.name.uid.as_str().as_bytes());
        u64::from(incarnation) << 32 | u64::from(restart)
    }

    /// When any of its files was last written to, and how large they are together.
    pub(super) fn extent(&self) -> (Option<DateTime<Utc>>, u64) {
        let (mut last_write, mut size) = (None, 0);
        for container in self.containers().unwrap_or_default().iter() {
            for file in self.list(container).unwrap_or_default().iter() {
                let opened = self.open_file(container, &file.name);
                let Ok(metadata) = opened.and_then(|file| file.metadata()) else {
                    continue;
                };
                last_write = last_write.max(metadata.modified().ok().map(DateTime::from));
                size += metadata.len();
            }
        }
        (last_write, size)
    }

    fn open_listed(
        &self,
        container: &ContainerName,
        files: Vec<&ListedFile>,
    ) -> io::Result<Vec<Arc<LogFile>>> {
        let open = |listed: &ListedFile| {
            let file = self.open_file(container, &listed.name)?;
            let run = self.run_number(listed.parsed.restart);
            Ok(Arc::new(LogFile::new(file, listed.parsed.is_compressed(), run)?))
        };
        files.into_iter().map(open).collect()
    }
}

/// Sorts files by when they were written. While a file is compressed it is there twice: then the
/// compressed one counts, which is whole when it has its name.
fn in_order(names: impl Iterator<Item = String>) -> Vec<ListedFile> {
    let parse = |name: String| {
        let parsed = LogFileName::parse(&name)?;
        Some(ListedFile { name, parsed })
    };
    let mut files: Vec<ListedFile> = names.filter_map(parse).collect();
    files.sort_by(|one, other| one.parsed.order().cmp(&other.parsed.order()));
    files.dedup_by(|later, earlier| later.parsed.is_twin_of(&earlier.parsed));
    files
}

/// Of the files of a container those that a query is about; `anchor` is the run that its cursor is
/// in.
fn choose<'a>(
    files: &'a [ListedFile],
    query: &LogQuery,
    anchor: Option<u32>,
) -> Result<Vec<&'a ListedFile>, Missing> {
    let runs: BTreeSet<u32> = files.iter().map(|file| file.parsed.restart).collect();
    let mut latest = runs.iter().rev().copied();
    // Without any run there is none before it, for whoever asks for that.
    let nothing = if query.previous { Missing::Previous } else { Missing::Log };
    let last = latest.next().ok_or(nothing)?;
    let run = match anchor {
        Some(run) => run,
        None if query.previous => latest.next().ok_or(Missing::Previous)?,
        None => last,
    };
    let mut of_run = files.iter().filter(|file| file.parsed.restart == run);
    let from_run = files.iter().filter(|file| file.parsed.restart >= run);
    Ok(match query.history {
        History::All if matches!(query.anchor, Some(Anchor::After(_))) => from_run.collect(),
        History::All => files.iter().collect(),
        // A cursor may be in a file that was rotated since.
        History::Current if anchor.is_some() => of_run.collect(),
        History::Rotated => of_run.collect(),
        // While a file is rotated there is a moment when none has the current one's name. The one
        // that had it is still written to.
        History::Current => {
            let current = of_run.next_back().filter(|file| !file.parsed.is_compressed());
            current.into_iter().collect()
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(names: &[&str], query: &LogQuery, expected: &[&str]) {
        let files = in_order(names.iter().map(|name| (*name).to_owned()));
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
    fn files_come_in_the_order_they_were_written() {
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
    fn in_the_moment_of_a_rotation_the_renamed_file_is_the_current_one() {
        let names = ["0.log.20261101-110000.gz", "0.log.20261101-120000"];
        check(&names, &history(History::Current, false), &["0.log.20261101-120000"]);
        check(&names[..1], &history(History::Current, false), &[]);
    }
}
