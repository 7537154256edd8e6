//! Lines that were lost.

use super::LogicalLines;
use crate::source::files::lines::physical_line::Advance;

impl LogicalLines {
    /// Before lines that were lost: those that were not finished. What comes behind is no part of
    /// them.
    pub(super) fn close_before_loss(&mut self) -> Advance {
        if self.close_unfinished() == Advance::Line {
            return Advance::Line;
        }
        self.loss_waits = false;
        self.forget_open_lines();
        Advance::Lost
    }

    /// Nothing from before can be open any more.
    pub(super) fn forget_open_lines(&mut self) {
        for state in &mut self.streams {
            (state.certain_from, state.given) = (0, None);
            state.before.end();
        }
        self.all_seen_from = 0;
    }

    /// How much was lost, in bytes, after [`Advance::Lost`]. `None` where that is not known.
    pub(crate) fn take_lost_bytes(&mut self) -> Option<u64> {
        self.lost_record.take().or_else(|| self.physical.take_lost_bytes())
    }
}
