//! What a table contains, in short.

use sha2::{Digest, Sha256};

/// The number of rows of a table, and the SHA-256 of its rows in the order of their key, as lines
/// of PostgreSQL's text format.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct MovedTable {
    pub(crate) name: &'static str,
    pub(crate) rows: u64,
    /// In hexadecimal digits.
    pub(crate) checksum: String,
}

/// Sums up the rows of a table.
#[derive(Debug, Default)]
pub(super) struct Checksum {
    rows: u64,
    digest: Sha256,
}

impl Checksum {
    /// Adds some lines, or a part of one.
    pub(super) fn add(&mut self, lines: &[u8]) {
        // A line end within a value is escaped.
        self.rows += lines.iter().filter(|byte| **byte == b'\n').count() as u64;
        self.digest.update(lines);
    }

    pub(super) fn finish(self, name: &'static str) -> MovedTable {
        let digest = self.digest.finalize();
        let checksum = digest.iter().map(|byte| format!("{byte:02x}")).collect();
        MovedTable { name, rows: self.rows, checksum }
    }
}
