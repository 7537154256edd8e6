//! Random fates of calls, and random requests.

use std::{ops::Range, time::Duration};

use proptest::prelude::*;
use shared_types::MAX_BATCH;

/// What becomes of a call.
#[derive(Debug, Clone, Copy)]
pub(super) enum CallOutcome {
    Answered { after: Duration },
    Failed { after: Duration },
    Hanging,
}

/// What happens next.
#[derive(Debug, Clone)]
pub(super) enum Step {
    /// Callers of successive tokens; each leaves when this time has passed, if any.
    Arrive {
        first: u8,
        count: u8,
        leaves: Option<Duration>,
    },
    Pass(Duration),
    /// The call that ends next finds out that a call may be about so many tokens.
    Lots(usize),
}

fn millis(range: Range<u64>) -> impl Strategy<Value = Duration> + Clone {
    range.prop_map(Duration::from_millis)
}

pub(super) fn fate() -> impl Strategy<Value = CallOutcome> {
    prop_oneof![
        4 => millis(0..20).prop_map(|after| CallOutcome::Answered { after }),
        2 => millis(0..2500).prop_map(|after| CallOutcome::Answered { after }),
        1 => millis(0..2500).prop_map(|after| CallOutcome::Failed { after }),
        1 => Just(CallOutcome::Hanging),
    ]
}

pub(super) fn step() -> impl Strategy<Value = Step> {
    let leaves = proptest::option::weighted(0.3, millis(0..2200));
    let few = (0_u8..8, 1_u8..4, leaves.clone());
    let many = (any::<u8>(), 1_u8..255, leaves);
    let arrive = |(first, count, leaves)| Step::Arrive { first, count, leaves };
    prop_oneof![
        6 => few.prop_map(arrive),
        1 => many.prop_map(arrive),
        4 => millis(0..30).prop_map(Step::Pass),
        1 => millis(0..2500).prop_map(Step::Pass),
        1 => prop_oneof![Just(1), Just(MAX_BATCH)].prop_map(Step::Lots),
    ]
}
