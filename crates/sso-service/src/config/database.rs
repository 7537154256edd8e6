//! The URLs of the database, and of Redis.

use std::path::PathBuf;

use crate::{sessions::RedisServers, store::Location};

/// `sqlite://relative/path`, `sqlite:///absolute/path` or `sqlite::memory:`.
///
/// # Errors
/// When it is anything else.
pub(crate) fn database(url: &str) -> Result<Location, &'static str> {
    if url == "sqlite::memory:" {
        return Ok(Location::Memory);
    }
    if url.starts_with("postgres://") || url.starts_with("postgresql://") {
        return Location::server(url);
    }
    match url.strip_prefix("sqlite://") {
        Some(path) if path.contains('?') => Err("must not contain options after a question mark"),
        Some("" | ":memory:") | None => Err("must be sqlite://path/to/file or sqlite::memory:"),
        Some(path) => Ok(Location::File(PathBuf::from(path))),
    }
}

/// `memory`, or the URL of Redis.
///
/// # Errors
/// When it is neither.
pub(super) fn session_store(text: &str) -> Result<Option<RedisServers>, &'static str> {
    match text {
        "memory" => Ok(None),
        url => RedisServers::parse(url).map(Some),
    }
}
