//! Logs of Docker: the file of a run is a link to `<id>-json.log` in a directory of Docker's, and
//! the files that Docker rotated are beside the link's target (`max-size` and `max-file` of its
//! driver `json-file`).
//!
//! A rotation renames `<id>-json.log.1` to `.2` and so on, from the oldest on, then
//! `<id>-json.log` to `.1`, and makes that anew. With `compress` the new `.1` is then written to
//! `.1.gz` and removed, so of the two the compressed one counts only when it is alone.

use super::{
    beneath::DirectoryEntry,
    layout::{LogFileKind, LogFileName},
    listed::ListedFile,
};

/// The files of the run that this link belongs to, in the order they were written; `entries` are
/// those of the directory of the link's target, which has the name `target`.
///
/// Without a target there is only what was rotated: the moment of a rotation. If there is not even
/// that, the link stands for itself, and leads nowhere.
pub(crate) fn files_of_run(
    link: &ListedFile,
    target: &str,
    entries: &[DirectoryEntry],
) -> Vec<ListedFile> {
    let rotated = |entry: &DirectoryEntry| {
        let parsed = LogFileName::parse_numbered(&entry.name, target, link.parsed.restart)?;
        Some(ListedFile {
            name: entry.name.clone(),
            parsed,
            beside: Some(link.name.clone()),
            inode: entry.inode,
            may_be_link: false,
        })
    };
    let mut files: Vec<ListedFile> = entries.iter().filter_map(rotated).collect();
    // The compressed one is the first of two.
    files.sort_by(|one, other| one.parsed.order().cmp(&other.parsed.order()));
    files.dedup_by(|later, earlier| {
        let are_twins = later.parsed.is_twin_of(&earlier.parsed);
        if are_twins {
            std::mem::swap(later, earlier);
        }
        are_twins
    });
    let current = entries.iter().find(|entry| entry.name == target);
    if current.is_some() || files.is_empty() {
        let inode = current.map_or(link.inode, |current| current.inode);
        files.push(ListedFile { inode, ..link.clone() });
    }
    files
}

/// Whether a file may be a link of the kubelet's to a log of Docker's.
pub(crate) fn may_be_linked(file: &ListedFile) -> bool {
    file.may_be_link && file.parsed.kind == LogFileKind::Current
}

#[cfg(test)]
mod tests {
    use rustix::fs::FileType;

    use super::*;

    #[track_caller]
    fn check(names: &[&str], expected: &[&str]) {
        let link = ListedFile {
            name: "3.log".to_owned(),
            parsed: LogFileName::parse("3.log").unwrap(),
            beside: None,
            inode: 7,
            may_be_link: true,
        };
        let entry = |name: &&str| DirectoryEntry {
            name: format!("4c01{name}"),
            kind: FileType::RegularFile,
            inode: 0,
        };
        let entries: Vec<_> = names.iter().map(entry).collect();
        let files = files_of_run(&link, "4c01-json.log", &entries);
        let names: Vec<&str> = files.iter().map(|file| &*file.name).collect();
        assert_eq!(names, expected);
        assert!(files.iter().all(|file| file.parsed.restart == 3));
    }

    #[test]
    fn files_come_in_the_order_docker_wrote_them() {
        check(&["-json.log"], &["3.log"]);
        check(
            &["-json.log", "-json.log.1", "-json.log.10.gz", "-json.log.2.gz", "config.v2.json"],
            &["4c01-json.log.10.gz", "4c01-json.log.2.gz", "4c01-json.log.1", "3.log"],
        );
    }

    #[test]
    fn a_file_that_is_being_compressed_counts_until_it_is_removed() {
        check(&["-json.log", "-json.log.1", "-json.log.1.gz"], &["4c01-json.log.1", "3.log"]);
    }

    #[test]
    fn without_a_link_target_only_the_rotated_files_are_read() {
        check(&["-json.log.1"], &["4c01-json.log.1"]);
        check(&[], &["3.log"]);
    }
}
