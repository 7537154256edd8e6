//! Logs that are kept open between requests, because they are asked about again and again.
//!
//! A request that finds its log here makes two system calls in place of eighteen, and gives the same
//! answer. That rests on four rules:
//!
//! - *Names*: the log directory, the pod's directory and those of its containers are watched
//!   ([`change_watch`]), each before it is looked into. For changes made on this machine an event is
//!   queued before the call that makes the change returns. So one read of the queue before each
//!   answer tells that no name has changed. Any event about a pod drops all that is kept of it, and
//!   a lost event drops everything.
//! - *Files*: what is kept of a file is believed only if its path still leads to the same one, with
//!   the same owner and mode. The same call tells how long the file is.
//! - *Where*: only regular files, in directories on file systems that tell of every change
//!   ([`local`]). A pod with a link among its logs, with several incarnations or with too many files
//!   is opened anew for each request, as ever.
//! - *Time*: nothing is kept for longer than [`RECHECK`](kept_pods::RECHECK), so that a change that
//!   no event tells of, such as another directory in the place of one above the log directory, is
//!   noticed as soon as a listing's age would allow it.

mod change_watch;
pub(crate) mod kept_pod;
pub(crate) mod kept_pods;
mod local;
mod look;
mod pod_table;
