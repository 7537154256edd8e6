//! Pod logs: how they are named, stored, written, joined to lines and picked.
//!
//! Knows no HTTP and no users. A query is answered in three steps: [`FilesSource::find`] finds the
//! logs, [`FoundLog::check`] believes the query's cursor, and a [`LogReading`] writes what was
//! chosen, chunk by chunk. All of them may block on files; [`pace`] lets a caller interrupt them.

mod chunk;
mod cost;
mod counts;
mod cursor;
mod interval;
mod line;
mod merge;
mod merge_clock;
mod nodes;
pub mod pace;
mod query;
mod reading;
mod render;
mod search;
mod source;
#[cfg(test)]
mod tests;

pub use chunk::{CHUNK_BYTES, LogEnd, Progress};
pub use cost::ReadingCost;
pub use counts::ReadCounts;
pub use cursor::{Cursor, FilePosition, InvalidCursor, LogPosition, merged_cursor::MergedCursor};
pub use interval::VolumeInterval;
pub use line::{
    filter::{
        LineFilter,
        levels_before::LevelsBefore,
        line_patterns::{BadPattern, LinePatterns},
        pattern_error::PatternError,
    },
    level::{Level, UnknownLevel},
    masking::mask_tokens,
    stream::OutputStream,
    target::{ContainerName, InvalidName, LogName, Namespace, PodName, PodRef, PodUid},
    time::LineTime,
};
pub use merge_clock::MergeClock;
pub use nodes::{
    front_reading::{FrontBegin, FrontReading, FrontSelection},
    pod_record::{PodRecordKind, check_event, check_record},
};
pub use query::{Anchor, ContainerChoice, History, LogQuery, OutputLimit};
pub use reading::LogReading;
pub use render::{
    form::LogForm,
    objects::{write_end, write_end_without, write_event},
};
pub use source::files::{
    directory::{layout::is_log_file, log_directory::OpenRootError},
    files_source::FilesSource,
    format::{
        entry::LogEntry,
        strip::{StrippedLines, strip_usual_lines},
    },
    kubelet::{options::KubeletOptions, quote::GoQuoted},
    locate::{
        containers::choose_containers, locate_error::LocateError, log_selection::LogSelection,
        selected_logs::SelectError,
    },
    located::{FoundLog, LocatedLog, LocatedLogs},
};
pub use source::known_logs::{LabelPredicate, PodPredicate};
pub use source::kubernetes::{
    api::{
        api_error::ApiError,
        api_server::{ApiAnswer, ApiServer, ConnectError, ImpersonatedUser},
    },
    feed::line_place::LinePlace,
    kubernetes_source::{FoundPodLogs, KubernetesSource},
    many::{new_pod_containers::WatchedPods, opening::ManyPods},
    passthrough::{PassError, PassOptions, PassedLog},
    pods::{cluster_pods::ClusterPods, user_pods::UserPods},
    workloads::{
        workload::{Workload, WorkloadRef},
        workload_kind::WorkloadKind,
    },
};
pub use source::pods::{
    inventory::{PodInventory, PodSurvey, TooOld},
    pod_change::{PodChange, PodChangeKind, PodsByName},
    pod_object::PodObject,
    pod_summary::{ContainerRunStatus, ContainerSummary, PodSummaries, PodSummary, RunSummary},
    pod_watch::PodWatch,
    seen_pod::{SeenContainer, SeenPod},
    versions::VersionSpace,
};
