//! The forms in which a log is given.

/// How lines are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LogForm {
    /// As the container wrote them.
    Text,
    /// As the inside of a JSON string; bytes that are not UTF-8 become U+FFFD.
    JsonString,
    /// A JSON object a line.
    JsonLines,
    /// The same objects as server-sent events.
    Events,
}

impl LogForm {
    /// Whether there is a way to say in it that lines were lost, or why it ends.
    pub fn has_words(self) -> bool {
        matches!(self, Self::JsonLines | Self::Events)
    }
}
