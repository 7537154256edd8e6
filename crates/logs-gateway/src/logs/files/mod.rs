//! Logs as the files of a node: `<namespace>_<pod>_<uid>/<container>/<restart>.log`.

mod beneath;
mod directory;
mod follow;
mod followers;
mod inventory;
mod layout;
mod listings;
mod lookout;
mod pod;
mod source;
mod watch;

pub(crate) use directory::OpenRootError;
pub(crate) use follow::{FollowedLog, Next};
pub(crate) use inventory::{Change, ChangeKind, Seen, SeenContainer, SeenPod, Survey, TooOld};
pub(crate) use layout::is_log_file;
pub(crate) use lookout::Watching;
pub(crate) use source::{FilesSource, LocateError, LocatedLog, PodSummary};
