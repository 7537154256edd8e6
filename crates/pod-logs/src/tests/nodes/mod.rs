//! Merges of the streams of nodes.

mod client;
mod examples;
mod model;
mod model_node;
