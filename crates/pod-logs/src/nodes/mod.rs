//! The logs of many nodes in one stream: the records of each node's stream, merged by time.
//!
//! No I/O: [`FrontReading`](front_reading::FrontReading) is given the bytes of each node, and says of
//! which nodes it needs more.

mod feed_record;
mod front_cursor;
mod front_log;
mod front_order;
pub(crate) mod front_reading;
mod front_writing;
mod node_feed;
pub(crate) mod pod_record;
mod record_buffer;
