//! Many usual lines at once.

use super::{LogicalLines, pieces::PresentLine};
use crate::{
    counts::ReadCounts,
    line::masking::mask_tokens,
    source::files::format::strip::{count_usual_lines, strip_usual_lines},
};

impl LogicalLines {
    /// Appends the text of the lines that come next and have been read, newlines included, up to
    /// about so many bytes and to the first that is not quite usual. It is what
    /// [`advance`](Self::advance) would find; there is no present line then. How much was appended is
    /// the answer.
    pub(crate) fn strip(&mut self, max_bytes: usize, out: &mut Vec<u8>) -> ReadCounts {
        if !self.are_usual_lines_taken_as_they_are() {
            return ReadCounts::default();
        }
        let start = out.len();
        self.present = PresentLine::None;
        let stripped = strip_usual_lines(self.physical.whole_lines(max_bytes), out);
        self.physical.pass_over(stripped.bytes);
        let text = &mut out[start..];
        // No token goes on behind a newline.
        let masked = if self.is_masked { mask_tokens(text) } else { 0 };
        ReadCounts { bytes: text.len() as u64, lines: stripped.lines, masked, gaps: 0 }
    }

    /// Goes behind the lines that [`strip`](Self::strip) would give, and counts them.
    pub(crate) fn pass_over_usual_lines(&mut self) -> u64 {
        if !self.are_usual_lines_taken_as_they_are() {
            return 0;
        }
        self.present = PresentLine::None;
        let counted = count_usual_lines(self.physical.whole_lines(usize::MAX));
        self.physical.pass_over(counted.bytes);
        counted.lines
    }

    /// Nothing is left out or open, and nothing hangs on where a line stands.
    fn are_usual_lines_taken_as_they_are(&self) -> bool {
        self.only.is_none() && self.until.is_none() && self.is_nothing_open()
    }
}
