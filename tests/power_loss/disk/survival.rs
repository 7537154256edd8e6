//! Which of the changes that were not synced have reached the disk.

use fastrand::Rng;

/// Which of the changes that were not synced have reached the disk when the power is cut.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Survival {
    /// None.
    Nothing,
    /// All: a process that is killed loses nothing else.
    Everything,
    /// Those up to this call, and a part of the next one.
    Until(u64),
    /// For each sector, the next one with this probability.
    Random(f64),
}

impl Survival {
    /// One of them. The calls since the power came on have these numbers.
    pub(crate) fn choose(random: &mut Rng, calls: u64) -> Self {
        match random.u8(..8) {
            0 => Self::Nothing,
            1 => Self::Everything,
            2 | 3 => Self::Until(random.u64(..=calls)),
            4 => Self::Random(0.1),
            5 | 6 => Self::Random(0.5),
            _ => Self::Random(0.9),
        }
    }

    /// How many of these changes of one thing have reached the disk; each has the number of its
    /// call.
    pub(super) fn count<T>(self, changes: &[(u64, T)], random: &mut Rng) -> usize {
        match self {
            Self::Nothing => 0,
            Self::Everything => changes.len(),
            Self::Until(last) => changes.iter().take_while(|(call, _)| *call <= last).count(),
            Self::Random(share) => changes.iter().take_while(|_| random.f64() < share).count(),
        }
    }

    /// Whether a part of this call's change may have reached the disk.
    pub(super) fn tears(self, call: u64) -> bool {
        matches!(self, Self::Until(last) if call == last + 1)
    }
}
