//! Figures of several rounds, and their evaluation.

/// Figures of ours and of the peer, taken in turns.
#[derive(Debug, Default)]
pub(crate) struct Rounds {
    ours: Vec<f64>,
    peer: Vec<f64>,
}

impl Rounds {
    /// Adds a round.
    pub(crate) fn add(&mut self, ours: f64, peer: f64) {
        self.ours.push(ours);
        self.peer.push(peer);
    }

    pub(crate) fn ours(&self) -> f64 {
        median(self.ours.clone())
    }

    pub(crate) fn peer(&self) -> f64 {
        median(self.peer.clone())
    }

    /// The ratios of our figure to the peer's, round by round: a slow moment affects both.
    pub(crate) fn ratios(&self) -> Vec<f64> {
        self.ours.iter().zip(&self.peer).map(|(ours, peer)| ours / peer).collect()
    }
}

/// The figure in the middle; of an even number, the lower of the two.
///
/// # Panics
/// When there is none.
pub(crate) fn median(mut figures: Vec<f64>) -> f64 {
    figures.sort_by(f64::total_cmp);
    figures[(figures.len() - 1) / 2]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_median_is_in_the_middle() {
        assert_eq!(median(vec![3.0, 1.0, 2.0]), 2.0);
        assert_eq!(median(vec![4.0, 1.0]), 1.0);
    }

    #[test]
    fn ratios_are_of_one_round_each() {
        let mut rounds = Rounds::default();
        rounds.add(4.0, 2.0);
        rounds.add(1.0, 1.0);
        rounds.add(9.0, 3.0);
        assert_eq!(rounds.ratios(), [2.0, 1.0, 3.0]);
        assert_eq!((rounds.ours(), rounds.peer()), (4.0, 2.0));
    }
}
