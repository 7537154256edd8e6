//! Sessions of the first-party client: the session of a browser vouches for each.

mod begin;
mod codes;
mod devices;
