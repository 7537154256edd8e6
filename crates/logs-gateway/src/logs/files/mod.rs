//! Logs as the files of a node: `<namespace>_<pod>_<uid>/<container>/<restart>.log`.

mod beneath;
mod directory;
mod follow;
mod followers;
mod inventory;
mod layout;
mod listings;
mod pod;
mod source;
mod watch;

pub(crate) use directory::OpenRootError;
pub(crate) use follow::{FollowedLog, Next};
pub(crate) use inventory::{SeenContainer, SeenPod, Survey};
pub(crate) use layout::is_log_file;
pub(crate) use source::{FilesSource, LocateError, LocatedLog, PodSummary};
