//! How the kubelet names directories and files of logs (`pkg/kubelet/kuberuntime/helpers.go`,
//! `pkg/kubelet/logs/container_log_manager.go`).

use crate::logs::target::{Namespace, PodName, PodRef, PodUid};

/// A directory of one incarnation of a pod: `<namespace>_<pod>_<uid>`. None of the three can hold
/// an underscore.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct PodDirectory {
    pub(super) pod: PodRef,
    pub(super) uid: PodUid,
}

impl PodDirectory {
    pub(super) fn parse(name: &str) -> Option<Self> {
        let mut parts = name.split('_');
        let namespace: Namespace = parts.next()?.parse().ok()?;
        let pod: PodName = parts.next()?.parse().ok()?;
        let uid = parts.next()?.parse().ok()?;
        let is_whole = parts.next().is_none();
        is_whole.then_some(Self { pod: PodRef { namespace, pod }, uid })
    }

    pub(super) fn name(&self) -> String {
        format!("{}_{}_{}", self.pod.namespace, self.pod.pod, self.uid)
    }
}

/// A log file of a container.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct LogFileName {
    /// Which run of the container, counted from 0.
    pub(super) restart: u32,
    pub(super) kind: LogFileKind,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) enum LogFileKind {
    /// `0.log`: being written to.
    Current,
    /// `0.log.20261101-100000`: renamed; between the renaming and the runtime's reopening it is
    /// still written to.
    Rotated(String),
    /// `0.log.20261101-100000.gz`: the name before `.gz`.
    Compressed(String),
}

impl LogFileKind {
    /// Rotated files are sorted by their time, as text, as the kubelet does (`GetAllLogs`); the
    /// current one is the last.
    fn order(&self) -> (bool, &str) {
        match self {
            Self::Current => (true, ""),
            Self::Rotated(rotation) | Self::Compressed(rotation) => (false, rotation),
        }
    }
}

impl LogFileName {
    pub(super) fn is_compressed(&self) -> bool {
        matches!(self.kind, LogFileKind::Compressed(_))
    }

    pub(super) fn is_current(&self) -> bool {
        self.kind == LogFileKind::Current
    }

    /// The name it had before it was compressed.
    pub(super) fn uncompressed(&self) -> Self {
        match &self.kind {
            LogFileKind::Compressed(rotation) => {
                Self { restart: self.restart, kind: LogFileKind::Rotated(rotation.clone()) }
            }
            _ => self.clone(),
        }
    }

    /// Sorts by when the files were written; of the same file twice, the compressed one is first.
    pub(super) fn order(&self) -> (u32, (bool, &str), bool) {
        (self.restart, self.kind.order(), !self.is_compressed())
    }

    /// Whether both are the same file, one of them compressed.
    pub(super) fn is_twin_of(&self, other: &Self) -> bool {
        self.restart == other.restart && self.kind.order() == other.kind.order()
    }

    /// `None` for anything else in the directory, such as a compressed file in the making (`.tmp`).
    pub(super) fn parse(name: &str) -> Option<Self> {
        let (restart, suffix) = name.split_once(".log")?;
        let is_number = !restart.is_empty() && restart.bytes().all(|byte| byte.is_ascii_digit());
        let restart = restart.parse().ok().filter(|_| is_number)?;
        let kind = match suffix.strip_prefix('.') {
            None if suffix.is_empty() => LogFileKind::Current,
            None => return None,
            Some(rotation) if rotation.ends_with(".tmp") => return None,
            Some(rotation) => match rotation.strip_suffix(".gz") {
                Some(rotation) => LogFileKind::Compressed(rotation.to_owned()),
                None => LogFileKind::Rotated(rotation.to_owned()),
            },
        };
        Some(Self { restart, kind })
    }
}

/// Whether a file of this name is one of a container's logs.
pub(crate) fn is_log_file(name: &str) -> bool {
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
        assert_eq!(kind("12.log"), Some((12, LogFileKind::Current)));
        let rotated = LogFileKind::Rotated("20261101-100000".to_owned());
        let compressed = LogFileKind::Compressed("20261101-100000".to_owned());
        assert_eq!(kind("1.log.20261101-100000"), Some((1, rotated)));
        assert_eq!(kind("1.log.20261101-100000.gz"), Some((1, compressed)));
        for other in ["", ".log", "a.log", "-1.log", "+1.log", "1.logs", "1.log.x.tmp", "1.txt"] {
            assert_eq!(kind(other), None, "{other}");
        }
    }
}
