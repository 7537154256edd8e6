//! Sample pods that write logs as real ones do, in the layout of a kubelet.
//!
//! They write the kinds of lines found on a node: JSON, klog and plain lines, stack traces,
//! colours, both streams, several containers in a pod, a crash and the restart after it, lines so
//! long that the runtime splits them, rotation and compression.

mod cri;
mod log_file;
mod pods;
mod programs;
mod writer;

pub(crate) use self::writer::Samples;
