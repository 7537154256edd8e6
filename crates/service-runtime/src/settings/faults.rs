//! Faults of a configuration.

use std::fmt::{self, Display};

/// Everything that is wrong with a configuration, a line for each fault.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Faults(pub(super) Vec<Fault>);

impl Display for Faults {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let lines: Vec<String> = self.0.iter().map(ToString::to_string).collect();
        f.write_str(&lines.join("\n"))
    }
}

impl std::error::Error for Faults {}

/// A statement about one variable. Never holds the variable's value, which may be a secret.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{name}: {text}")]
pub(super) struct Fault {
    pub(super) name: String,
    pub(super) text: String,
}

impl Fault {
    pub(super) fn new(name: &str, text: impl Display) -> Self {
        Self { name: name.to_owned(), text: text.to_string() }
    }
}
