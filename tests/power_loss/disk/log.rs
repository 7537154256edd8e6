//! The log of the layer (`layer.c`).

use std::{
    fs::{self, File},
    path::Path,
};

/// A call that changed or synced something.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Record {
    /// A file was created in the directory.
    Created {
        inode: u64,
        name: String,
    },
    Written {
        inode: u64,
        offset: u64,
        bytes: Vec<u8>,
    },
    Truncated {
        inode: u64,
        length: u64,
    },
    /// A file, or the directory, was synced.
    Synced {
        inode: u64,
    },
    SyncFailed {
        inode: u64,
    },
    Unlinked {
        name: String,
    },
    Renamed {
        old: String,
        new: String,
    },
    /// The layer killed the process.
    Cut,
}

/// Reads a whole log. One that does not exist is empty.
pub(super) fn read(path: &Path) -> Vec<Record> {
    let bytes = fs::read(path).unwrap_or_default();
    let (mut rest, mut records) = (&bytes[..], Vec::new());
    while !rest.is_empty() {
        records.push(take_record(&mut rest));
    }
    records
}

/// Reads the log of processes that may be running. One that does not exist is empty.
pub(super) fn read_running(path: &Path) -> Vec<Record> {
    let Ok(log) = File::open(path) else {
        return Vec::new();
    };
    // Its records are whole then.
    log.lock().unwrap();
    read(path)
}

fn take_record(rest: &mut &[u8]) -> Record {
    let [kind, inode, offset, length] = [(); 4].map(|()| take_number(rest));
    let (bytes, after) = rest.split_at(usize::try_from(length).unwrap());
    *rest = after;
    match kind {
        1 => Record::Created { inode, name: text(bytes) },
        2 => Record::Written { inode, offset, bytes: bytes.to_vec() },
        3 => Record::Truncated { inode, length: offset },
        4 => Record::Synced { inode },
        5 => Record::SyncFailed { inode },
        6 => Record::Unlinked { name: text(bytes) },
        7 => {
            let names = text(bytes);
            let (old, new) = names.split_once('/').unwrap();
            Record::Renamed { old: old.to_owned(), new: new.to_owned() }
        }
        8 => Record::Cut,
        other => panic!("a record of the kind {other}"),
    }
}

fn take_number(rest: &mut &[u8]) -> u64 {
    let (number, after) = rest.split_first_chunk().unwrap();
    *rest = after;
    u64::from_ne_bytes(*number)
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}
