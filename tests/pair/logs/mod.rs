//! Readings of one log: resumed, linked to, of one run, and what is told beside the lines.

mod resuming;
