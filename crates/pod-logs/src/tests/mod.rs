//! Tests of the engine as a whole: files on one side, lines or bytes on the other.

mod cluster;
mod docker_rotation;
mod follow_model;
mod following;
mod kept_model;
mod many_model;
mod masking;
mod nodes;
mod order;
mod paging;
mod slow_reader;
mod two_readers;
mod written_log;
