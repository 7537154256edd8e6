//! Lines that are passed over because they are not looked for.

use std::sync::Arc;

use super::{LogicalLines, pieces::StreamState};
use crate::search::block_search::BlockSearch;

impl LogicalLines {
    /// Leaves out lines that are not looked for, though not all of them.
    pub(crate) fn searching(mut self, search: Option<BlockSearch>) -> Self {
        self.search = search.map(Arc::new);
        if let Some(search) = &self.search {
            self.physical.search_ahead(search.clone());
        }
        self
    }

    /// Reads less at once, and so holds less: there are other logs.
    pub(crate) fn read_little(&mut self) {
        self.physical.read_little();
    }

    /// Goes behind lines that have been read, come next and are not looked for.
    pub(super) fn pass_over_idle_lines(&mut self) {
        if let Some(search) = &self.search
            && self.is_nothing_open()
        {
            let idle = search.idle_bytes(self.physical.whole_lines(usize::MAX));
            self.physical.pass_over(idle);
        }
    }

    /// No line from before goes on, or could.
    pub(super) fn is_nothing_open(&self) -> bool {
        let position = self.physical.next_position();
        let has_nothing_open = |state: &StreamState| {
            let is_begun = state.open.is_some() || state.given.is_some();
            !is_begun && position >= state.certain_from && !state.before.is_begun_at(position)
        };
        !self.piece_waits
            && self.torn.is_none()
            && self.physical.run() == self.run
            && self.streams.iter().all(has_nothing_open)
    }
}
