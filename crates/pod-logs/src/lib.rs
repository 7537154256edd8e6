//! Pod logs: how they are named, stored, written, joined to lines and picked.
//!
//! Knows no HTTP and no users.

mod cursor;
mod file;
mod files;
mod format;
mod gzip;
mod head;
mod kubelet;
mod logical;
mod merge;
pub mod pace;
mod physical;
mod query;
mod render;
mod sample;
mod span;
mod tail;
mod target;

pub use cursor::{Cursor, FilePlace, InvalidCursor, LogPosition};
pub use file::ReadingCost;
pub use files::{
    Change, ChangeKind, FilesSource, FoundLog, LocateError, LocatedLog, NewContainers,
    OpenRootError, PodSummary, Pods, SeenContainer, SeenPod, Survey, TooOld, Watching, is_log_file,
};
pub use format::{LineTime, LogEntry, Stream, strip_usual_lines};
pub use kubelet::{KubeletOptions, KubeletReading, Quoted};
pub use merge::{ChosenLines, LogInput};
pub use query::{Anchor, ContainerChoice, History, Limit, LineFilter, LogQuery};
pub use render::{
    CHUNK_BYTES, EndReason, Labels, LogForm, Progress, Rendering, write_end, write_event,
};
pub use target::{ContainerName, InvalidName, Namespace, PodName, PodRef, PodUid};
