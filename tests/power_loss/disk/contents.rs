//! The contents of one file, in memory and on the disk.

use std::{collections::BTreeMap, mem};

use fastrand::Rng;

use super::survival::Survival;

/// The unit that a disk writes whole, in bytes.
const SECTOR: usize = 512;

type Sector = [u8; SECTOR];

/// The contents of one file.
#[derive(Debug, Clone, Default)]
pub(super) struct Contents {
    /// What processes see.
    pub(super) seen: Vec<u8>,
    /// What is on the disk, whole sectors; the rest is zeros.
    stored: Vec<u8>,
    stored_size: usize,
    /// What each changed sector held since its file was synced, with the numbers of the calls.
    sectors: BTreeMap<usize, Vec<(u64, Sector)>>,
    /// The same for its size.
    sizes: Vec<(u64, usize)>,
}

impl Contents {
    /// A file that is on the disk.
    pub(super) fn stored(bytes: Vec<u8>) -> Self {
        let stored_size = bytes.len();
        let mut stored = bytes.clone();
        stored.resize(stored_size.next_multiple_of(SECTOR), 0);
        Self { seen: bytes, stored, stored_size, ..Self::default() }
    }

    pub(super) fn write(&mut self, call: u64, offset: usize, bytes: &[u8]) {
        let end = offset + bytes.len();
        if end > self.seen.len() {
            self.resize(call, end);
        }
        self.seen[offset..end].copy_from_slice(bytes);
        self.note_sectors(call, offset, end);
    }

    pub(super) fn truncate(&mut self, call: u64, length: usize) {
        let old = self.seen.len();
        self.resize(call, length);
        if length < old {
            self.note_sectors(call, length, old);
        }
    }

    fn resize(&mut self, call: u64, size: usize) {
        self.seen.resize(size, 0);
        self.sizes.push((call, size));
    }

    fn note_sectors(&mut self, call: u64, from: usize, to: usize) {
        for at in from / SECTOR..to.div_ceil(SECTOR) {
            self.sectors.entry(at).or_default().push((call, sector(&self.seen, at)));
        }
    }

    pub(super) fn sync(&mut self) {
        for (at, versions) in mem::take(&mut self.sectors) {
            self.store(at, &versions[versions.len() - 1].1);
        }
        self.stored_size = self.seen.len();
        self.sizes.clear();
    }

    /// Leaves on the disk what had reached it; a further sync writes nothing of the rest. The size is
    /// in the journal of the file system, which is not given up.
    pub(super) fn fail_sync(&mut self, survival: Survival, random: &mut Rng) {
        self.lose_sectors(survival, random);
    }

    /// What is on the disk after a power cut, and how many sectors were lost.
    pub(super) fn cut(mut self, survival: Survival, random: &mut Rng) -> (Vec<u8>, usize) {
        let lost = self.lose_sectors(survival, random);
        let mut survived = survival.count(&self.sizes, random);
        let next = self.sizes.get(survived);
        survived += usize::from(next.is_some_and(|next| survival.tears(next.0)) && random.bool());
        let size = self.sizes[..survived].last().map_or(self.stored_size, |(_, size)| *size);
        self.stored.resize(size, 0);
        (self.stored, lost)
    }

    fn lose_sectors(&mut self, survival: Survival, random: &mut Rng) -> usize {
        let (mut lost, mut torn) = (0, Vec::new());
        for (at, versions) in mem::take(&mut self.sectors) {
            let (survived, rest) = versions.split_at(survival.count(&versions, random));
            if let Some((_, sector)) = survived.last() {
                self.store(at, sector);
            }
            if let Some((call, sector)) = rest.first() {
                lost += 1;
                torn.extend(survival.tears(*call).then_some((at, *sector)));
            }
        }
        self.tear(&torn, random);
        lost
    }

    /// Stores the beginning of a write. It may end within a sector.
    fn tear(&mut self, torn: &[(usize, Sector)], random: &mut Rng) {
        let whole = random.usize(..=torn.len());
        for (at, sector) in &torn[..whole] {
            self.store(*at, sector);
        }
        if let Some((at, sector)) = torn.get(whole) {
            self.store(*at, &sector[..random.usize(..SECTOR)]);
        }
    }

    /// Stores the beginning of a sector.
    fn store(&mut self, at: usize, bytes: &[u8]) {
        let from = at * SECTOR;
        if self.stored.len() < from + SECTOR {
            self.stored.resize(from + SECTOR, 0);
        }
        self.stored[from..from + bytes.len()].copy_from_slice(bytes);
    }
}

fn sector(bytes: &[u8], at: usize) -> Sector {
    let mut sector = [0; SECTOR];
    let bytes = bytes.get(at * SECTOR..).unwrap_or_default();
    let length = bytes.len().min(SECTOR);
    sector[..length].copy_from_slice(&bytes[..length]);
    sector
}
