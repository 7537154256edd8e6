//! Logs from an API server, whatever becomes of its connections.

mod cut_streams;
mod fake_server;
mod reading;
mod tails;
mod waiting;
