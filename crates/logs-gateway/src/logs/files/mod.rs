//! Logs as the files of a node: `<namespace>_<pod>_<uid>/<container>/<restart>.log`.

mod beneath;
mod layout;
mod source;

pub(crate) use source::{FilesSource, LocateError, LocatedLog, OpenRootError, PodSummary};
