//! The two streams of a container.

/// Where a container wrote a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum OutputStream {
    /// Standard output.
    Stdout,
    /// Standard error.
    Stderr,
}

impl OutputStream {
    /// Reads the name that runtimes give a stream.
    pub(crate) fn parse(text: &[u8]) -> Option<Self> {
        match text {
            b"stdout" => Some(Self::Stdout),
            b"stderr" => Some(Self::Stderr),
            _ => None,
        }
    }
}
