//! Why a pattern is refused.

/// Why a pattern is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PatternError {
    /// More patterns than a reading may have.
    #[error(
        "must not be given more than {} times together with the other patterns",
        super::MAX_PATTERNS
    )]
    TooMany,
    /// Longer than a pattern may be.
    #[error("must have at most {} bytes", super::MAX_PATTERN_BYTES)]
    TooLong,
    /// Not a regular expression.
    #[error("is not a regular expression: {0}")]
    Syntax(String),
    /// Compiled, it would take more memory than all patterns of a reading may.
    #[error("is too large a regular expression")]
    TooLarge,
}

impl From<regex_syntax::Error> for PatternError {
    fn from(error: regex_syntax::Error) -> Self {
        let (reason, span) = match &error {
            regex_syntax::Error::Parse(error) => (error.kind().to_string(), error.span()),
            regex_syntax::Error::Translate(error) => (error.kind().to_string(), error.span()),
            _ => return Self::Syntax("unknown error".to_owned()),
        };
        Self::Syntax(format!("{reason}, at byte {}", span.start.offset))
    }
}
