//! A front: its nodes as one cluster.

mod faults;
mod lists;
mod lying;
mod scene;
