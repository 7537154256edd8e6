//! Logs as the files of a node: `<namespace>_<pod>_<uid>/<container>/<restart>.log`.

mod beneath;
mod directory;
mod docker;
#[cfg(test)]
mod docker_tests;
mod follow;
mod followers;
mod inventory;
mod joining;
mod layout;
mod listed;
mod listings;
mod located;
mod lookout;
mod open_failure;
mod pod;
mod sighting;
mod source;
mod versions;
mod watch;
mod watching;
mod written;

pub(crate) use directory::OpenRootError;
pub(crate) use follow::{FollowedLog, Next};
pub(crate) use inventory::{Change, ChangeKind, Pods, Survey, TooOld};
pub(crate) use joining::{Appeared, NewContainers};
pub(crate) use layout::is_log_file;
pub(crate) use located::{LocateError, LocatedLog};
pub(crate) use sighting::{SeenContainer, SeenPod};
pub(crate) use source::{FilesSource, PodSummary};
pub(crate) use watching::Watching;
