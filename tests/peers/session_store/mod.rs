//! Live tokens in Redis: whatever happens to Redis, no session is lost and none comes back.

mod cases;
mod faults;
mod instance;
mod instances;
mod load;

use libtest_mimic::Trial;

/// All cases. Those that wait longest come first.
pub(crate) fn trials() -> Vec<Trial> {
    [instances::trials(), faults::trials(), cases::trials()].into_iter().flatten().collect()
}
