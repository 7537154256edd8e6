//! Logs as the files of a node: `<namespace>_<pod>_<uid>/<container>/<restart>.log`.

pub(crate) mod directory;
pub(crate) mod files_source;
pub(crate) mod follow;
pub(crate) mod format;
pub(crate) mod kubelet;
pub(crate) mod lines;
pub(crate) mod locate;
pub(crate) mod located;
pub(crate) mod pods;
pub(crate) mod storage;
pub(crate) mod watching;
