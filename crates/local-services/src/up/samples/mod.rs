//! Pods that are made up, logging as real ones do, in the layout of a kubelet.
//!
//! What a reader of logs meets on a node is all here: JSON, klog and plain lines, stack traces,
//! colours, both streams, several containers in a pod, a crash and the restart after it, lines so
//! long that the runtime splits them, rotation and compression.

mod cast;
mod cri;
mod log_file;
mod voices;
mod writer;

pub(crate) use self::writer::Samples;
