//! Which lines of which container are asked for.

use chrono::{DateTime, Utc};

use super::{
    cursor::Cursor,
    format::{LineTime, Stream},
    target::{ContainerName, PodUid},
};

/// A reader's wish, already checked.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct LogQuery {
    pub(crate) container: ContainerChoice,
    /// Which incarnation of the pod; `None`: the one written last.
    pub(crate) uid: Option<PodUid>,
    /// The run of the container before the present one.
    pub(crate) previous: bool,
    pub(crate) history: History,
    pub(crate) filter: LineFilter,
    /// Only the last lines that pass the filter.
    pub(crate) tail: Option<u64>,
    pub(crate) limit: Limit,
    /// Each line begins with its time.
    pub(crate) timestamps: bool,
    /// Goes on with what is written from now on.
    pub(crate) follow: bool,
    /// Only what lies on one side of a line that was read before.
    pub(crate) anchor: Option<Anchor>,
}

impl LogQuery {
    /// Whether containers and runs that start later belong to the log as well.
    pub(crate) fn is_joined_by_containers(&self) -> bool {
        self.follow && self.container == ContainerChoice::All
    }

    /// Whether the log goes on when a container is started again.
    pub(crate) fn goes_through_runs(&self) -> bool {
        self.history == History::All || self.is_joined_by_containers()
    }

    /// Whether the names of the files tell which of them are meant, and in which order. If not, their
    /// first lines have to be read.
    pub(crate) fn is_of_files_by_name(&self) -> bool {
        self.history == History::Current
            && self.anchor.is_none()
            && !self.follow
            && self.filter.has_no_times()
    }
}

/// A line that was read before, by its cursor, and on which side of it lines are asked for. The
/// line itself is on neither.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Anchor {
    After(Cursor),
    Before(Cursor),
}

impl Anchor {
    pub(crate) fn cursor(&self) -> &Cursor {
        match self {
            Self::After(cursor) | Self::Before(cursor) => cursor,
        }
    }
}

/// Which containers of the pod.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) enum ContainerChoice {
    /// The only one there is.
    #[default]
    Only,
    Named(ContainerName),
    /// All of them, merged by time.
    All,
}

/// How far back.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) enum History {
    /// The file that is written to.
    Current,
    /// And what was rotated away from it.
    #[default]
    Rotated,
    /// And the runs before, and earlier incarnations of the pod.
    All,
}

/// Which lines pass: since ≤ time < until, and of the stream.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct LineFilter {
    pub(crate) stream: Option<Stream>,
    pub(crate) since: Option<DateTime<Utc>>,
    pub(crate) until: Option<DateTime<Utc>>,
}

/// After how much a log ends early.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Limit {
    /// Of the log as text, time stamps and newlines included.
    pub(crate) bytes: Option<u64>,
    pub(crate) lines: Option<u64>,
}

impl LineFilter {
    /// Whether lines of any time pass.
    pub(crate) fn has_no_times(&self) -> bool {
        self.since.is_none() && self.until.is_none()
    }

    /// Whether a line of this time passes. The stream was seen to already.
    pub(crate) fn passes(&self, time: &LineTime) -> bool {
        if self.has_no_times() {
            return true;
        }
        let instant = time.instant();
        self.since.is_none_or(|since| since <= instant)
            && self.until.is_none_or(|until| instant < until)
    }
}
