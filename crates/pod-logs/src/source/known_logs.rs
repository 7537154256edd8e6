//! Which logs of many pods are known to a reading.

use std::{
    collections::{BTreeMap, HashMap},
    sync::Arc,
};

use crate::{
    cursor::{log_key::LogKey, merged_cursor::LogEntry},
    line::target::{LogName, PodRef, PodUid},
};

/// Decides about pods.
pub type PodPredicate = Arc<dyn Fn(&PodRef) -> bool + Send + Sync>;

/// Decides about the labels of pods.
pub type LabelPredicate = Arc<dyn Fn(&BTreeMap<String, String>) -> bool + Send + Sync>;

/// How a log takes part.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Membership {
    /// It is read, or was read to its end.
    Open,
    /// It is one too many. It never joins.
    Skipped,
    /// It may not be read any more. If it may be read again, it joins at its end.
    Forbidden,
    /// The same, of a log that was never read: a cursor does not know it.
    Hidden,
}

/// The logs that a reading of many knows. Those that are in none of them are new.
#[derive(Debug, Default)]
pub(crate) struct KnownLogs(HashMap<LogKey, KnownLog>);

#[derive(Debug)]
struct KnownLog {
    pod: PodRef,
    uid: PodUid,
    membership: Membership,
}

impl KnownLogs {
    /// How the log takes part; `None` if it is new.
    pub(crate) fn get(&self, key: LogKey) -> Option<Membership> {
        self.0.get(&key).map(|known| known.membership)
    }

    /// Notes how the log takes part from now on.
    pub(crate) fn set(&mut self, key: LogKey, name: &LogName, membership: Membership) {
        let (pod, uid) = (name.pod.clone(), name.uid.clone());
        self.0.insert(key, KnownLog { pod, uid, membership });
    }

    /// The log is gone.
    pub(crate) fn forget(&mut self, key: LogKey) {
        self.0.remove(&key);
    }

    /// The incarnation of the pod is gone, and with it the logs that are not read.
    pub(crate) fn forget_pod(&mut self, pod: &PodRef, uid: &PodUid) {
        self.0.retain(|_, known| {
            known.membership == Membership::Open || known.pod != *pod || known.uid != *uid
        });
    }

    /// What a cursor says of the logs that are not read.
    pub(crate) fn entries(&self) -> impl Iterator<Item = (LogKey, LogEntry)> {
        self.0.iter().filter_map(|(key, known)| match known.membership {
            Membership::Skipped => Some((*key, LogEntry::Skipped)),
            Membership::Forbidden => Some((*key, LogEntry::Forbidden)),
            Membership::Open | Membership::Hidden => None,
        })
    }
}
