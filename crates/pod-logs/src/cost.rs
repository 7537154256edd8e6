//! What it takes to read a log.

use std::iter::Sum;

/// How much has to be read, and whether it has to be decompressed.
#[derive(Debug, Clone, Copy, Default)]
pub struct ReadingCost {
    /// The size of what is stored, in bytes.
    pub stored_bytes: u64,
    /// At least some of it is compressed.
    pub is_compressed: bool,
}

impl Sum for ReadingCost {
    fn sum<I: Iterator<Item = Self>>(costs: I) -> Self {
        costs.fold(Self::default(), |sum, cost| Self {
            stored_bytes: sum.stored_bytes + cost.stored_bytes,
            is_compressed: sum.is_compressed || cost.is_compressed,
        })
    }
}
