//! `cargo xtask bench`: both services, as they are deployed, beside what they compete with.
//!
//! It reports; tests judge. Each job is measured in the same run as its peer or limit, in turns,
//! since on a shared machine only ratios mean anything.

mod content;
mod download;
mod flood;
mod followers;
mod guesses;
mod http;
mod kubernetes;
mod load;
mod log_files;
mod no_batches;
mod probe;
mod process;
mod requests;
mod rounds;
mod run;
mod sessions;
mod slow_reader;
mod stage;
mod table;
mod tail;

pub(crate) use run::{Bench, run};
