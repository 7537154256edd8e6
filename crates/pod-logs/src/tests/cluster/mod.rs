//! Logs from an API server, whatever becomes of its connections.

mod cut_streams;
mod fake_server;
mod live;
mod many;
mod many_cut;
mod many_reading;
mod new_containers;
mod reading;
mod tails;
mod waiting;
