//! Searching in logs: what is found, and what leaves when.

mod context;
mod hits;
mod leaving;
mod levels;
mod patterns;
mod volume;
