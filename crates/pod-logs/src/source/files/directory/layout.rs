//! How the kubelet names directories and files of logs (`pkg/kubelet/kuberuntime/helpers.go`,
//! `pkg/kubelet/logs/container_log_manager.go`).

use std::cmp::Reverse;

use crate::line::target::{ContainerName, LogName, Namespace, PodName, PodRef, PodUid};

/// A directory of one incarnation of a pod: `<namespace>_<pod>_<uid>`. None of the three can hold
/// an underscore.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct PodDirectory {
    pub(crate) pod: PodRef,
    pub(crate) uid: PodUid,
}

impl PodDirectory {
    pub(crate) fn parse(name: &str) -> Option<Self> {
        let mut parts = name.split('_');
        let namespace: Namespace = parts.next()?.parse().ok()?;
        let pod: PodName = parts.next()?.parse().ok()?;
        let uid = parts.next()?.parse().ok()?;
        let is_whole = parts.next().is_none();
        is_whole.then_some(Self { pod: PodRef { namespace, pod }, uid })
    }

    pub(crate) fn name(&self) -> String {
        format!("{}_{}_{}", self.pod.namespace, self.pod.pod, self.uid)
    }

    /// The log of a container of it.
    pub(crate) fn log_name(&self, container: &ContainerName) -> LogName {
        let Self { pod, uid } = self.clone();
        LogName { pod, uid, container: container.clone() }
    }
}

/// A log file of a container.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct LogFileName {
    /// Which run of the container, counted from 0.
    pub(crate) restart: u32,
    pub(crate) kind: LogFileKind,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) enum LogFileKind {
    /// `0.log`: being written to.
    Current,
    /// `0.log.20261101-100000`: renamed; between the renaming and the runtime's reopening it is
    /// still written to.
    Rotated(Rotation),
    /// `0.log.20261101-100000.gz`.
    Compressed(Rotation),
}

/// What tells the rotated files of a run apart. Ordered by when the files were written.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Rotation {
    /// Of the kubelet: a time, compared as text, as the kubelet does (`GetAllLogs`).
    Time(String),
    /// Of Docker's driver `json-file`: 1 is the newest, and every rotation renames them all.
    Number(Reverse<u32>),
}

impl LogFileKind {
    /// The current one is the last.
    fn order(&self) -> (bool, Option<&Rotation>) {
        match self {
            Self::Current => (true, None),
            Self::Rotated(rotation) | Self::Compressed(rotation) => (false, Some(rotation)),
        }
    }
}

impl LogFileName {
    pub(crate) fn is_compressed(&self) -> bool {
        matches!(self.kind, LogFileKind::Compressed(_))
    }

    pub(crate) fn is_current(&self) -> bool {
        self.kind == LogFileKind::Current
    }

    /// Sorts by when the files were written; of the same file twice, the compressed one is first.
    pub(crate) fn order(&self) -> (u32, (bool, Option<&Rotation>), bool) {
        (self.restart, self.kind.order(), !self.is_compressed())
    }

    /// Whether both are the same file, one of them compressed.
    pub(crate) fn is_twin_of(&self, other: &Self) -> bool {
        self.restart == other.restart && self.kind.order() == other.kind.order()
    }

    /// `None` for anything else in the directory, such as a compressed file in the making (`.tmp`).
    pub(crate) fn parse(name: &str) -> Option<Self> {
        let (restart, suffix) = name.split_once(".log")?;
        let restart = number(restart)?;
        let kind = match suffix.strip_prefix('.') {
            None if suffix.is_empty() => LogFileKind::Current,
            None => return None,
            Some(rotation) if rotation.ends_with(".tmp") => return None,
            Some(rotation) => match rotation.strip_suffix(".gz") {
                Some(rotation) => LogFileKind::Compressed(Rotation::Time(rotation.to_owned())),
                None => LogFileKind::Rotated(Rotation::Time(rotation.to_owned())),
            },
        };
        Some(Self { restart, kind })
    }

    /// A file that Docker's driver `json-file` rotated: `<id>-json.log.2` or, compressed,
    /// `<id>-json.log.2.gz`, beside `<id>-json.log`, which is the `current` one.
    pub(crate) fn parse_numbered(name: &str, current: &str, restart: u32) -> Option<Self> {
        let suffix = name.strip_prefix(current)?.strip_prefix('.')?;
        let rotation = |digits| number(digits).map(|number| Rotation::Number(Reverse(number)));
        let kind = match suffix.strip_suffix(".gz") {
            Some(digits) => LogFileKind::Compressed(rotation(digits)?),
            None => LogFileKind::Rotated(rotation(suffix)?),
        };
        Some(Self { restart, kind })
    }
}

/// The name of the file that a run of a container is written to.
pub(crate) fn current_file_name(restart: u32) -> String {
    format!("{restart}.log")
}

/// Digits and nothing else: no sign.
fn number(text: &str) -> Option<u32> {
    let is_number = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    text.parse().ok().filter(|_| is_number)
}

/// Whether a file of this name is one of a container's logs.
pub fn is_log_file(name: &str) -> bool {
    LogFileName::parse(name).is_some()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pod_directory_has_three_names() {
        let directory = PodDirectory::parse("shop_web-1_5f0c").unwrap();
        assert_eq!(directory.pod.namespace.as_str(), "shop");
        assert_eq!(directory.pod.pod.as_str(), "web-1");
        assert_eq!(directory.uid.as_str(), "5f0c");
        assert_eq!(directory.name(), "shop_web-1_5f0c");
        for other in ["", "shop", "shop_web", "shop_web_1_2", "Shop_web_1", "shop_.._1", "a__b"] {
            assert_eq!(PodDirectory::parse(other), None, "{other}");
        }
    }

    #[test]
    fn log_files_have_a_number_and_maybe_a_rotation() {
        let kind = |name: &str| LogFileName::parse(name).map(|file| (file.restart, file.kind));
        assert_eq!(kind("0.log"), Some((0, LogFileKind::Current)));
        assert_eq!(kind(&current_file_name(12)), Some((12, LogFileKind::Current)));
        let rotated = LogFileKind::Rotated(Rotation::Time("20261101-100000".to_owned()));
        let compressed = LogFileKind::Compressed(Rotation::Time("20261101-100000".to_owned()));
        assert_eq!(kind("1.log.20261101-100000"), Some((1, rotated)));
        assert_eq!(kind("1.log.20261101-100000.gz"), Some((1, compressed)));
        for other in ["", ".log", "a.log", "-1.log", "+1.log", "1.logs", "1.log.x.tmp", "1.txt"] {
            assert_eq!(kind(other), None, "{other}");
        }
    }

    #[test]
    fn files_that_docker_rotated_are_numbered_from_the_newest() {
        let parse = |name: &str| LogFileName::parse_numbered(name, "4c01-json.log", 7);
        let names = ["10.gz", "2.gz", "1"].map(|end| parse(&format!("4c01-json.log.{end}")));
        let names = names.map(Option::unwrap);
        assert!(names.is_sorted_by(|one, next| one.order() < next.order()), "{names:?}");
        assert!(names[0].is_compressed() && !names[2].is_compressed());
        let others =
            ["4c01-json.log", "4c01-json.log.", "4c01-json.log.+1", "4c01-json.log.1.tmp", "x.1"];
        for other in others {
            assert_eq!(parse(other), None, "{other}");
        }
    }
}
