//! Several instances in one thread on simulated time, with the real follower, confirmer, lease and
//! looks. A model stands in for the server and the network between.
//!
//! A random program logs in, validates and revokes at all instances, while instances are paused,
//! crash and start, connections are cut, hang and slow down, and changes are pruned. The history of
//! every client is checked: a request that began after a revocation was answered is never accepted,
//! and one that began after a log-in was answered is never refused.

mod clock;
mod history;
mod memory;
mod node;
mod pausing;
mod runs;
mod server;
mod world;

pub(super) use clock::simulated_time;
