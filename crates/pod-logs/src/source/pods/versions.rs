//! Versions of pods.

use std::{
    collections::HashSet,
    hash::{BuildHasher, RandomState},
    time::Duration,
};

/// Which numbers are versions.
///
/// A version counts the ticks since 1970 at which something was seen. Where several inventories show
/// the same pods, the last four digits name the inventory, so that a version of one is none of
/// another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct VersionSpace {
    tick: Duration,
    /// The distance of two versions.
    step: u64,
    /// What every version is more than a multiple of the step.
    instance: u64,
}

impl Default for VersionSpace {
    /// Microseconds.
    fn default() -> Self {
        Self { tick: Duration::from_micros(1), step: 1, instance: 0 }
    }
}

impl VersionSpace {
    /// How many inventories are told apart.
    const INSTANCES: u64 = 10_000;

    /// The versions of one of several inventories, chosen by a random number.
    #[must_use]
    pub fn of_instance(random: u64) -> Self {
        // In microseconds, the numbers would soon have more than 64 bits.
        let tick = Duration::from_micros(100);
        Self { tick, step: Self::INSTANCES, instance: random % Self::INSTANCES }
    }

    /// The version of an instant.
    pub(super) fn at(self, since_1970: Duration) -> u64 {
        let ticks = since_1970.as_micros() / self.tick.as_micros().max(1);
        self.of_tick(u64::try_from(ticks).unwrap_or(u64::MAX / self.step - 1))
    }

    /// The version after this one.
    pub(super) fn after(self, version: u64) -> u64 {
        self.of_tick(version / self.step + 1)
    }

    /// Whether the number can be a version of this inventory.
    pub(super) fn contains(self, number: u64) -> bool {
        number % self.step == self.instance
    }

    fn of_tick(self, tick: u64) -> u64 {
        tick * self.step + self.instance
    }
}

/// Versions for what changed within a survey: random ones from the time that it took, so that
/// neither the distance nor the order of two of them tells of others between.
pub(crate) struct Versions {
    space: VersionSpace,
    /// In ticks.
    after: u64,
    span: u64,
    random: RandomState,
    given: HashSet<u64>,
    /// The greatest that was given.
    pub(crate) last: u64,
}

/// How many ticks a survey is taken to last if its clock stood still.
const LEAST_SPAN: u64 = 64;

impl Versions {
    /// From behind the one version up to the other.
    pub(crate) fn between(space: VersionSpace, after: u64, now: u64) -> Self {
        let (first, end) = (after / space.step, now / space.step);
        let span = end.saturating_sub(first).max(LEAST_SPAN);
        let (random, given) = (RandomState::new(), HashSet::new());
        Self { space, after: first, span, random, given, last: after }
    }

    pub(crate) fn draw(&mut self) -> u64 {
        // At least half of them are free.
        self.span = self.span.max(2 * self.given.len() as u64);
        let mut attempt = self.given.len() as u64;
        loop {
            let tick = self.after + 1 + self.random.hash_one(attempt) % self.span;
            if self.given.insert(tick) {
                let version = self.space.of_tick(tick);
                self.last = self.last.max(version);
                return version;
            }
            attempt = attempt.wrapping_add(0x9e37_79b9_7f4a_7c15);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_of_one_survey_are_in_no_order() {
        let before = Versions::between(VersionSpace::default(), 1_000, 500_000);
        let draw_all = |mut versions: Versions| -> Vec<u64> {
            std::iter::repeat_with(|| versions.draw()).take(1_000).collect()
        };
        let drawn = draw_all(before);
        assert!(drawn.iter().all(|version| (1_001..=500_000).contains(version)));
        let rising = drawn.windows(2).filter(|pair| pair[0] < pair[1]).count();
        assert!((300..700).contains(&rising), "{rising}");
        // Even where more changed than microseconds went by, no two are the same.
        let dense: HashSet<u64> =
            draw_all(Versions::between(VersionSpace::default(), 7, 7)).into_iter().collect();
        assert_eq!(dense.len(), 1_000);
    }

    #[test]
    fn versions_of_instances_differ() {
        let [one, other] = [10_007, 8].map(VersionSpace::of_instance);
        let at = one.at(Duration::from_micros(1_793_527_200_000_000));
        assert_eq!(at, 17_935_272_000_000 * 10_000 + 7);
        assert_eq!(one.after(at), at + 10_000);
        assert!(one.contains(at) && !other.contains(at));
        let mut versions = Versions::between(one, at, one.after(at));
        assert!((0..100).all(|_| one.contains(versions.draw())));
        assert!(VersionSpace::default().contains(at));
    }

    #[test]
    fn versions_fit_into_64_bits_for_centuries() {
        let year_2400 = Duration::from_secs(430 * 366 * 24 * 60 * 60);
        let version = VersionSpace::of_instance(9_999).at(year_2400);
        assert!(i64::try_from(version).is_ok(), "{version}");
    }
}
