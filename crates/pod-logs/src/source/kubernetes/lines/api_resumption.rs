//! Where the log of an API server can be taken up again.

use crate::{
    cursor::LogPosition, line::filter::levels_before::LevelsBefore,
    source::kubernetes::feed::line_place::LinePlace,
};

/// Where a log can be taken up again behind a line.
#[derive(Debug, Clone)]
pub(crate) struct ApiResumption {
    pub(super) restart: u32,
    pub(super) place: LinePlace,
}

impl ApiResumption {
    /// The position for a cursor.
    pub(crate) fn position<N>(&self, container: N) -> LogPosition<N> {
        let levels = LevelsBefore::default();
        LogPosition::at_line(container, self.restart, self.place, levels)
    }
}
