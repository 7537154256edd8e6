//! A table that has room for so many and no more.

use std::hash::Hash;

use chrono::{DateTime, Utc};
use indexmap::IndexMap;

/// How many entries are looked at when one is added.
const LOOKED_AT: usize = 8;

/// An entry that can be forgotten.
pub(super) trait Weigh {
    /// How much would be lost: nothing at 0. At the greatest, it may not be.
    fn weight(&self, now: DateTime<Utc>) -> u64;
}

/// Adding an entry looks at the next few existing ones, round and round. An entry that weighs
/// nothing is dropped; when the table is full nevertheless, the lightest of them is.
///
/// To have a full bucket forgotten, an attacker must fill the buckets around it as high, and cannot
/// choose them: that costs as many failures as the table has entries, times the limit.
#[derive(Debug)]
pub(super) struct Table<K, V> {
    entries: IndexMap<K, V>,
    capacity: usize,
    /// Where to look next.
    hand: usize,
}

impl<K: Hash + Eq, V: Weigh + Default> Table<K, V> {
    /// A table with room for so many.
    pub(super) fn new(capacity: usize) -> Self {
        Self { entries: IndexMap::new(), capacity, hand: 0 }
    }

    pub(super) fn get(&self, key: &K) -> Option<&V> {
        self.entries.get(key)
    }

    pub(super) fn get_mut(&mut self, key: &K) -> Option<&mut V> {
        self.entries.get_mut(key)
    }

    /// The entry, which is made when it is not there.
    pub(super) fn entry(&mut self, key: K, now: DateTime<Utc>) -> &mut V {
        if !self.entries.contains_key(&key) {
            self.tidy(now);
        }
        self.entries.entry(key).or_default()
    }

    pub(super) fn len(&self) -> usize {
        self.entries.len()
    }

    /// Leaves room for one entry.
    fn tidy(&mut self, now: DateTime<Utc>) {
        let mut lightest = (u64::MAX, 0);
        for looked_at in 0..self.len() {
            // An entry that must not be forgotten is skipped.
            if looked_at >= LOOKED_AT && lightest.0 < u64::MAX {
                break;
            }
            self.hand = if self.hand < self.len() { self.hand } else { 0 };
            match self.entries.get_index(self.hand).map_or(0, |(_, value)| value.weight(now)) {
                // The last entry comes to stand here, and is looked at next.
                0 => drop(self.entries.swap_remove_index(self.hand)),
                weight => {
                    lightest = lightest.min((weight, self.hand));
                    self.hand += 1;
                }
            }
        }
        if self.len() >= self.capacity {
            self.entries.swap_remove_index(lightest.1);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::test_service::noon;

    #[derive(Default)]
    struct Weight(u64);

    impl Weigh for Weight {
        fn weight(&self, _: DateTime<Utc>) -> u64 {
            self.0
        }
    }

    #[test]
    fn a_table_never_exceeds_its_capacity() {
        let mut table: Table<u32, Weight> = Table::new(100);
        for key in 0..10_000 {
            table.entry(key, noon()).0 = 1;
            assert!(table.len() <= 100);
        }
        assert_eq!(table.len(), 100);
    }

    #[test]
    fn heavy_entries_outlast_any_number_of_light_ones() {
        let mut table: Table<u32, Weight> = Table::new(100);
        for key in 0..100 {
            table.entry(key, noon()).0 = if key % 10 == 0 { 10 } else { 1 };
        }
        for key in 100..100_000 {
            table.entry(key, noon()).0 = 1;
        }
        let heavy = (0..100).filter(|key| table.get(key).is_some_and(|weight| weight.0 == 10));
        assert_eq!(heavy.count(), 10);
    }

    #[test]
    fn entries_without_weight_are_dropped_soon() {
        let mut table: Table<u32, Weight> = Table::new(10_000);
        for key in 0..1000 {
            table.entry(key, noon());
        }
        assert!(table.len() <= 2, "{}", table.len());
    }

    #[test]
    fn every_entry_that_weighs_nothing_is_found_in_time() {
        let mut table: Table<u32, Weight> = Table::new(1000);
        let idle = 50..100;
        for key in 0..100 {
            table.entry(key, noon()).0 = 1;
        }
        for key in idle.clone() {
            table.entry(key, noon()).0 = 0;
        }
        for key in 100..130 {
            table.entry(key, noon()).0 = 1;
        }
        let left: Vec<_> = idle.filter(|key| table.get(key).is_some()).collect();
        assert!(left.is_empty(), "{left:?}");
    }
}
