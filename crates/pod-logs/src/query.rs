//! Which lines of which container are asked for.

use crate::{
    cursor::Cursor,
    interval::VolumeInterval,
    line::{
        filter::LineFilter,
        target::{ContainerName, PodUid},
    },
};

/// Which lines are asked for, how they are written, and whether the log is followed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct LogQuery {
    /// Which containers of the pod.
    pub container: ContainerChoice,
    /// Which incarnation of the pod; `None`: the one written last.
    pub uid: Option<PodUid>,
    /// The run of the container before the present one.
    pub previous: bool,
    /// The run of the container with this number, and no other.
    pub run: Option<u32>,
    /// How far back.
    pub history: History,
    /// Which lines.
    pub filter: LineFilter,
    /// Only the last lines that pass the filter.
    pub tail: Option<u64>,
    /// After how much the log ends early.
    pub limit: OutputLimit,
    /// Instead of the lines: how many there are in each interval of this length.
    pub volume: Option<VolumeInterval>,
    /// Each line begins with its time.
    pub timestamps: bool,
    /// Each line of text begins with its namespace, pod and container.
    pub prefix: bool,
    /// Goes on with what is written from now on.
    pub follow: bool,
    /// Only what lies on one side of a line that was read before.
    pub anchor: Option<Anchor>,
    /// It is about logs of many pods, which runs join.
    pub is_of_many: bool,
    /// A front asks, which merges the records with those of other nodes. Of many pods, as objects.
    pub for_front: bool,
}

impl LogQuery {
    /// Whether containers and runs that start later belong to the log as well.
    pub fn is_joined_by_containers(&self) -> bool {
        self.follow && self.container == ContainerChoice::All && self.run.is_none()
    }

    /// Whether the log goes on when a container is started again.
    pub(crate) fn spans_runs(&self) -> bool {
        let is_of_one_run = self.run.is_some() || self.previous;
        let is_joined_by_runs =
            self.is_of_many && !is_of_one_run && (self.follow || self.anchor.is_some());
        self.history == History::All || self.is_joined_by_containers() || is_joined_by_runs
    }

    /// Whether the names of the files tell which of them are meant, and in which order. If not,
    /// their first lines have to be read.
    pub fn is_of_files_by_name(&self) -> bool {
        self.history == History::Current
            && self.anchor.is_none()
            && !self.follow
            && self.filter.has_no_times()
    }
}

/// A line that was read before, and which lines are asked for beside it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Anchor {
    /// Lines after it.
    After(Cursor),
    /// Lines before it.
    Before(Cursor),
    /// Lines before it, and the line itself; of a line in parts, the part that the cursor came
    /// with.
    UpTo(Cursor),
}

impl Anchor {
    /// The cursor of the line.
    pub fn cursor(&self) -> &Cursor {
        match self {
            Self::After(cursor) | Self::Before(cursor) | Self::UpTo(cursor) => cursor,
        }
    }

    /// The cursor, if lines end there.
    pub(crate) fn end(&self) -> Option<&Cursor> {
        match self {
            Self::After(_) => None,
            Self::Before(cursor) | Self::UpTo(cursor) => Some(cursor),
        }
    }

    /// Whether the line of this container at the cursor is asked for: of another container, that is
    /// the last one before the cursor's line.
    pub(crate) fn includes_line_of(&self, container: &ContainerName) -> bool {
        match self {
            Self::After(_) => false,
            Self::Before(cursor) => !cursor.is_of(container),
            Self::UpTo(_) => true,
        }
    }
}

/// Which containers of the pod.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum ContainerChoice {
    /// The only one there is.
    #[default]
    Only,
    /// The one of this name.
    Named(ContainerName),
    /// All of them, merged by time.
    All,
}

/// How far back.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum History {
    /// The file that is written to.
    Current,
    /// And what was rotated away from it.
    #[default]
    Rotated,
    /// And the runs before, and earlier incarnations of the pod.
    All,
}

/// After how much a log ends early.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct OutputLimit {
    /// Of the log as text, time stamps and newlines included.
    pub bytes: Option<u64>,
    /// In lines.
    pub lines: Option<u64>,
}
