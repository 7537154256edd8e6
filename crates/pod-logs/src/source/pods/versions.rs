//! Versions of pods.

use std::{
    collections::HashSet,
    hash::{BuildHasher, RandomState},
};

/// Versions for what changed within a survey: random ones from the time that it took, so that
/// neither the distance nor the order of two of them tells of others between.
pub(crate) struct Versions {
    after: u64,
    span: u64,
    random: RandomState,
    given: HashSet<u64>,
    /// The greatest that was given.
    pub(crate) last: u64,
}

/// How many microseconds a survey is taken to last if its clock stood still.
const LEAST_SPAN: u64 = 64;

impl Versions {
    /// From behind the one version up to the other, both in microseconds since 1970.
    pub(crate) fn between(after: u64, now: u64) -> Self {
        let span = now.saturating_sub(after).max(LEAST_SPAN);
        Self { after, span, random: RandomState::new(), given: HashSet::new(), last: after }
    }

    pub(crate) fn draw(&mut self) -> u64 {
        // At least half of them are free.
        self.span = self.span.max(2 * self.given.len() as u64);
        let mut attempt = self.given.len() as u64;
        loop {
            let version = self.after + 1 + self.random.hash_one(attempt) % self.span;
            if self.given.insert(version) {
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
        let before = Versions::between(1_000, 500_000);
        let draw_all = |mut versions: Versions| -> Vec<u64> {
            std::iter::repeat_with(|| versions.draw()).take(1_000).collect()
        };
        let drawn = draw_all(before);
        assert!(drawn.iter().all(|version| (1_001..=500_000).contains(version)));
        let rising = drawn.windows(2).filter(|pair| pair[0] < pair[1]).count();
        assert!((300..700).contains(&rising), "{rising}");
        // Even where more changed than microseconds went by, no two are the same.
        let dense: HashSet<u64> = draw_all(Versions::between(7, 7)).into_iter().collect();
        assert_eq!(dense.len(), 1_000);
    }
}
