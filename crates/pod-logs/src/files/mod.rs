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

pub use directory::OpenRootError;
pub(crate) use follow::{FollowedLog, Next};
pub use inventory::{Change, ChangeKind, Pods, Survey, TooOld};
pub(crate) use joining::Appeared;
pub use joining::NewContainers;
pub use layout::is_log_file;
pub use located::{FoundLog, LocateError, LocatedLog};
pub use sighting::{SeenContainer, SeenPod};
pub use source::{FilesSource, PodSummary};
pub use watching::Watching;
