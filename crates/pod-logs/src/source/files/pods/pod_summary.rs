//! A pod as a list shows it.

use std::io;

use chrono::{DateTime, Utc};

use crate::{
    line::target::{ContainerName, PodRef, PodUid},
    source::files::directory::{
        layout::PodDirectory, log_directory::LogDirectory, open_failure::if_readable,
        pod_logs::PodLogs,
    },
};

/// A pod as a list shows it.
#[derive(Debug)]
pub struct PodSummary {
    /// Its namespace and name.
    pub pod: PodRef,
    /// Its incarnation.
    pub uid: PodUid,
    /// The containers that have a log directory, sorted by name.
    pub containers: Vec<ContainerName>,
    /// When one of its files was last written to.
    pub last_write: Option<DateTime<Utc>>,
    /// Of all its files, in bytes.
    pub size: u64,
}

/// The pods that `may_see` lets through, all incarnations, sorted by namespace, name and uid.
pub(crate) fn pod_summaries(
    directory: &LogDirectory,
    may_see: impl Fn(&PodRef) -> bool,
) -> io::Result<Vec<PodSummary>> {
    let mut summaries = Vec::new();
    directory.for_each_pod(may_see, |_, incarnations| {
        for pod in incarnations {
            summaries.push(summary(pod)?);
        }
        Ok(())
    })?;
    summaries.sort_by(|one: &PodSummary, next| one.order().cmp(&next.order()));
    Ok(summaries)
}

impl PodSummary {
    fn order(&self) -> (&str, &str, &str) {
        (self.pod.namespace.as_str(), self.pod.pod.as_str(), self.uid.as_str())
    }
}

fn summary(pod: PodLogs<'_>) -> io::Result<PodSummary> {
    let (last_write, size) = pod.extent()?;
    let containers = if_readable(pod.containers())?.unwrap_or_default().to_vec();
    let PodDirectory { pod, uid } = pod.name;
    Ok(PodSummary { pod, uid, containers, last_write, size })
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn all_incarnations_of_visible_pods_are_sorted() {
        let root = tempfile::tempdir().unwrap();
        for name in ["shop-b_web_1", "shop_web_2", "shop_web_1", "shop_db_9", "hidden_db_3"] {
            fs::create_dir_all(root.path().join(name).join("app")).unwrap();
        }
        let directory = LogDirectory::new(root.path(), &[]).unwrap();
        let summaries =
            pod_summaries(&directory, |pod| pod.namespace.as_str() != "hidden").unwrap();
        let orders: Vec<_> = summaries.iter().map(PodSummary::order).collect();
        let expected = [
            ("shop", "db", "9"),
            ("shop", "web", "1"),
            ("shop", "web", "2"),
            ("shop-b", "web", "1"),
        ];
        assert_eq!(orders, expected);
    }
}
