//! Configuration from the environment: all faults are found at once, and each names its variable.

mod environment;
mod faults;
mod one_line;
mod parse;
mod paths;
mod reader;
mod warnings;

pub use environment::process_environment;
pub use faults::Faults;
pub(crate) use one_line::one_line;
pub use parse::{
    duration, http_url, list, log_format, log_level, networks, positive, socket_address, threads,
};
pub use paths::{PathFault, check_directory, check_file};
pub use reader::Settings;
pub use warnings::Warnings;
