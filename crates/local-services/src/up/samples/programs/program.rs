//! The form of a sample program.

use chrono::{DateTime, FixedOffset};
use fastrand::Rng;

use crate::samples::cri::Line;

/// Returns the lines that the program writes at once, at that instant: one, or several that belong
/// together.
pub(crate) type Program = fn(&mut Rng, DateTime<FixedOffset>) -> Vec<Line>;
