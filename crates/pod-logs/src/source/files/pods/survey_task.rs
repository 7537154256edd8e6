//! One task surveys the pods for all watches of them, for as long as there is any.

use std::{sync::Arc, time::Duration};

use chrono::{DateTime, Utc};
use tokio::task::spawn_blocking;
use tracing::Span;

use super::surveyed_pods::SurveyedPods;
use crate::source::files::watching::directory_watch::{FORCED_LOOK, WatchedDirectories};

/// How long changes are gathered before the next look.
const GATHER: Duration = Duration::from_millis(100);

/// Looks at the pods again and again, for as long as anything waits for changes.
pub(super) async fn survey_while_watched(
    pods: Arc<SurveyedPods>,
    now: impl Fn() -> DateTime<Utc> + Sync,
) {
    let root = [pods.directory.path().to_owned()];
    let mut watched = WatchedDirectories::new(&pods.watch);
    watched.set(&root);
    while !pods.watches().held().is_empty() {
        let (looking, now, span) = (pods.clone(), now(), Span::current());
        match spawn_blocking(move || span.in_scope(|| looking.survey(now))).await {
            Ok(Ok(_)) => watched.set(&root),
            Ok(Err(error)) => {
                tracing::warn!(%error, "cannot list pods");
                // The directory may be another one when it is back.
                watched.set(&[]);
            }
            Err(error) => tracing::error!(%error, "listing pods failed"),
        }
        // A container that comes or is started again changes a directory that is not watched.
        watched.wait(GATHER, FORCED_LOOK).await;
    }
}

#[cfg(test)]
mod tests {
    use std::{fs, path::Path};

    use tokio::time::timeout;

    use super::*;
    use crate::source::{
        files::{
            directory::log_directory::LogDirectory, watching::directory_watch::DirectoryWatch,
        },
        pods::{inventory::TooOld, pod_change::PodChangeKind},
    };

    fn pods(root: &Path) -> Arc<SurveyedPods> {
        let directory = Arc::new(LogDirectory::new(root, &[]).unwrap());
        Arc::new(SurveyedPods::new(directory, Arc::new(DirectoryWatch::new()), None))
    }

    fn now() -> DateTime<Utc> {
        DateTime::from_timestamp(1_793_527_200, 0).unwrap()
    }

    fn survey(pods: &SurveyedPods) -> u64 {
        pods.survey(now()).unwrap().version
    }

    #[tokio::test]
    async fn a_watcher_is_notified_of_a_change() {
        let root = tempfile::tempdir().unwrap();
        let pods = pods(root.path());
        let mut watching = pods.watch(survey(&pods), now).unwrap();
        fs::create_dir_all(root.path().join("shop_web_1/app")).unwrap();
        let changes = timeout(Duration::from_secs(20), watching.next()).await.unwrap().unwrap();
        assert_eq!(changes[0].kind, PodChangeKind::Added);
        assert!(watching.position() >= changes.last().unwrap().pod.version);
    }

    #[tokio::test]
    async fn a_slow_watcher_delays_no_other_and_gets_an_error() {
        let root = tempfile::tempdir().unwrap();
        let pods = pods(root.path());
        let mut slow = pods.watch(survey(&pods), now).unwrap();
        let mut quick = pods.watch(slow.position(), now).unwrap();
        let pod = root.path().join("shop_web_1/app");
        for _ in 0..600 {
            fs::create_dir_all(&pod).unwrap();
            survey(&pods);
            quick.next().await.unwrap();
            fs::remove_dir_all(root.path().join("shop_web_1")).unwrap();
            survey(&pods);
            quick.next().await.unwrap();
        }
        assert_eq!(slow.next().await, Err(TooOld));
    }

    #[tokio::test]
    async fn surveys_end_with_the_last_watcher() {
        let root = tempfile::tempdir().unwrap();
        let pods = pods(root.path());
        let version = survey(&pods);
        let [one, other] = [(); 2].map(|()| pods.watch(version, now).unwrap());
        drop(one);
        assert_eq!(pods.watches().held().len(), 1);
        drop(other);
        assert!(pods.watches().held().is_empty());
    }
}
