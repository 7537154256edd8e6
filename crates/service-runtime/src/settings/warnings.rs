//! Warnings about a configuration: settings that are allowed and seldom intended.

use std::fmt::{self, Display};

use super::faults::Fault;

/// Warnings about a configuration. Each names its variable and never holds the variable's value.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Warnings(Vec<Fault>);

impl Warnings {
    pub(super) fn add(&mut self, name: &str, warning: impl Display) {
        self.0.push(Fault::new(name, warning));
    }

    /// Writes each warning to the log.
    pub fn log(&self) {
        for Fault { name, text } in &self.0 {
            tracing::warn!(variable = name, "{name} {text}");
        }
    }
}

/// A line for each warning, each with a line feed.
impl Display for Warnings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|warning| writeln!(f, "warning: {warning}"))
    }
}
