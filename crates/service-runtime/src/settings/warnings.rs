//! What is allowed in a configuration, and seldom meant.

use std::fmt::{self, Display};

use super::Fault;

/// Warnings about the configuration, each naming its variable and never its value.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Warnings(Vec<Fault>);

impl Warnings {
    pub(super) fn add(&mut self, name: &str, warning: impl Display) {
        self.0.push(Fault::new(name, warning));
    }

    /// Writes each to the log.
    pub fn log(&self) {
        for Fault { name, fault } in &self.0 {
            tracing::warn!(variable = name, "{name} {fault}");
        }
    }
}

/// A line each, with its end.
impl Display for Warnings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|warning| writeln!(f, "warning: {warning}"))
    }
}
