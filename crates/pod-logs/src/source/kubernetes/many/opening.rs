//! Opens the logs of many pods, a few at once.

use std::{io, sync::Arc};

use futures_util::{StreamExt, stream};

use super::{
    begun_log::{BegunLog, LogBegin},
    new_api_logs::NewApiLogs,
    selecting::{ManySource, SelectedLog, Selecting, Selection},
};
use crate::{
    cursor::merged_cursor::MergedCursor,
    line::target::LogName,
    merge_clock::MergeClock,
    query::LogQuery,
    source::{
        files::{
            locate::{
                locate_error::LocateError,
                log_selection::LogSelection,
                selected_logs::{FailedLog, SelectError, SelectedLogs},
            },
            located::LocatedLogs,
        },
        known_logs::Membership,
        kubernetes::{
            api::{api_error::ApiError, api_server::ImpersonatedUser, container_runs::uid_of},
            container_log::{ContainerLog, OpenError},
            feed::feed_group::{FeedGroup, MAX_ASKED},
            kubernetes_source::{ATTEMPTS, KubernetesSource},
            lines::api_log::ApiLog,
            pods::cluster_pods::ClusterPods,
        },
        log_input::{LogInput, ManyInput, NewLogs},
        pods::pod_watch::PodWatch,
    },
};

/// The logs of many pods that are asked for, and which of them.
#[derive(Debug)]
pub struct ManyPods {
    /// The pods that are known.
    pub pods: Arc<ClusterPods>,
    /// Which of them are asked for.
    pub selection: LogSelection,
    /// Where the reading goes on.
    pub resumed: Option<MergedCursor>,
    /// The time at which lines are stamped.
    pub clock: MergeClock,
}

/// What becomes of a log that is opened.
enum Opened {
    Log(ApiLog),
    /// It is not given at present, but when the API server gives it.
    Later(ApiLog, LocateError),
    /// There is none after all.
    Nothing,
    /// The user may not read it.
    Hidden,
    Failed(LocateError),
}

impl KubernetesSource {
    /// Checks that the logs of many pods could be read, without reading any of them; for `user`, if
    /// the rights of a user in the cluster count.
    ///
    /// # Errors
    /// As for [`open_many`](Self::open_many), of those that are known without a log being asked for.
    pub async fn check_many(
        &self,
        many: &ManyPods,
        query: &LogQuery,
        user: Option<ImpersonatedUser>,
    ) -> Result<(), SelectError> {
        let source = self.many_source(many, query, user).await?;
        source.select(many, query).map(drop)
    }

    /// Begins to read the logs of many pods, each behind what `resumed` says of it; for `user`, if
    /// the rights of a user in the cluster count. Has to be called within a tokio runtime.
    ///
    /// # Errors
    /// When there are too many logs, or the API server gives none of them.
    pub async fn open_many(
        &self,
        many: ManyPods,
        query: &LogQuery,
        user: Option<ImpersonatedUser>,
    ) -> Result<LocatedLogs, SelectError> {
        let source = self.many_source(&many, query, user).await?;
        // What changes after this is told by the watch.
        let watching = query.follow.then(|| watch_from_now(&many)).transpose()?;
        let Selection { logs, selected } = source.select(&many, query)?;
        let opening = stream::iter(logs).map(|log| source.open(log));
        let opened: Vec<_> = opening.buffered(MAX_ASKED).collect().await;
        let selected = gather(opened, selected)?;
        let ManyPods { pods, selection, clock, .. } = many;
        let (checksum, max_logs) = (selection.checksum, selection.max_logs);
        let new_logs = watching
            .filter(|_| !query.previous && query.run.is_none())
            .map(|watching| NewApiLogs::new(source, pods, selection, query, watching, clock))
            .map(|new_logs| NewLogs::Kubernetes(Box::new(new_logs)));
        Ok(LocatedLogs { checksum, max_logs, selected, new_logs })
    }

    async fn many_source(
        &self,
        many: &ManyPods,
        query: &LogQuery,
        user: Option<ImpersonatedUser>,
    ) -> Result<ManySource, SelectError> {
        let server = self.server(user);
        if !server.is_for_user() {
            // Those of a user were just listed.
            many.pods.check().map_err(LocateError::ServerUnavailable)?;
        }
        if query.filter.stream.is_some()
            && !server.offers_streams(None).await.map_err(LocateError::from)?
        {
            return Err(LocateError::NoStreams.into());
        }
        Ok(ManySource { server, group: FeedGroup::new(many.pods.inventory().clone()) })
    }
}

fn watch_from_now(many: &ManyPods) -> Result<PodWatch, LocateError> {
    let watching = many.pods.watch_from_now(many.clock.now());
    watching.map_err(LocateError::ServerUnavailable)
}

impl ManySource {
    fn select(&self, many: &ManyPods, query: &LogQuery) -> Result<Selection, SelectError> {
        let now = many.clock.now();
        let survey = many.pods.survey(now).map_err(LocateError::ServerUnavailable)?;
        let (selection, resumed) = (&many.selection, many.resumed.as_ref());
        Selecting { source: self, selection, query, resumed, now }.select(&survey.pods)
    }

    async fn open(&self, mut selected: SelectedLog) -> (SelectedLog, Result<Opened, LocateError>) {
        let opened = self.open_begun(&mut selected.begun, &selected.begin).await;
        (selected, opened)
    }

    async fn open_begun(
        &self,
        begun: &mut BegunLog,
        begin: &LogBegin,
    ) -> Result<Opened, LocateError> {
        let mut attempts = 1;
        let failure = loop {
            match begun.log.clone().open(&begun.query).await {
                Ok(log) => return Ok(Opened::Log(log)),
                Err(OpenError::Begun) if attempts < ATTEMPTS => attempts += 1,
                Err(OpenError::Begun) => {
                    let error = io::Error::other("the container is started again and again");
                    break LocateError::ServerUnavailable(error);
                }
                // A log that a cursor knows is not forgotten because of that.
                Err(OpenError::Locate(error @ LocateError::Refused(_))) if begin.is_behind() => {
                    break error;
                }
                Err(OpenError::Locate(LocateError::Refused(_))) => return Ok(Opened::Nothing),
                Err(OpenError::Locate(LocateError::Forbidden(_))) if self.server.is_for_user() => {
                    return Ok(Opened::Hidden);
                }
                Err(OpenError::Locate(error @ LocateError::ServerUnavailable(_))) => break error,
                Err(OpenError::Locate(error)) => return Err(error),
            }
            // It was started since the pod was looked at.
            let name = begun.log.name.clone();
            let pod = match self.server.pod(&name.pod).await {
                Err(error) if error.is_not_found() => return Ok(Opened::Nothing),
                pod => pod?,
            };
            if uid_of(&pod).as_ref() != Some(&name.uid) {
                return Ok(Opened::Nothing);
            }
            match begin.of(self, &pod, name, &begun.query)? {
                Some(again) => *begun = again,
                None => return Ok(Opened::Nothing),
            }
        };
        Ok(match begun.query.follow {
            true => Opened::Later(begun.log.clone().open_later(&begun.query), failure),
            false => Opened::Failed(failure),
        })
    }
}

/// Puts together what was opened.
///
/// # Errors
/// When the API server gives none of the logs.
fn gather(
    opened: Vec<(SelectedLog, Result<Opened, LocateError>)>,
    mut selected: SelectedLogs,
) -> Result<SelectedLogs, SelectError> {
    let (mut given, mut last_failure) = (0, None);
    for (SelectedLog { key, begin, begun }, opened) in opened {
        let BegunLog { log: ContainerLog { name, .. }, start, .. } = begun;
        let (log, failure) = match opened? {
            Opened::Log(log) => (Some(log), None),
            Opened::Later(log, failure) => (Some(log), Some(failure)),
            Opened::Failed(failure) => (None, Some(failure)),
            Opened::Nothing => {
                selected.known.forget(key);
                if let LogBegin::Behind { last, .. } = begin {
                    selected.lost.push(last);
                }
                continue;
            }
            Opened::Hidden => {
                selected.known.set(key, &name, Membership::Hidden);
                continue;
            }
        };
        if let Some(failure) = &failure {
            let LogName { pod, container, .. } = &name;
            tracing::warn!(
                namespace = %pod.namespace, pod = %pod.pod, %container, error = %failure,
                "one of many logs is not given"
            );
        }
        match (log, &failure) {
            (Some(log), _) => {
                given += usize::from(failure.is_none());
                let input = LogInput::Kubernetes(Box::new(log));
                selected.inputs.push(ManyInput { input, key: Some(key), start });
            }
            (None, Some(failure)) => selected.failed.push(FailedLog {
                key,
                name: Arc::new(name),
                status: status_of(failure),
                entry: begin.entry(),
            }),
            (None, None) => {}
        }
        last_failure = failure.or(last_failure);
    }
    match last_failure {
        Some(failure) if given == 0 => Err(failure.into()),
        _ => Ok(selected),
    }
}

/// The status with which the API server answered, if it did.
fn status_of(failure: &LocateError) -> Option<u16> {
    let LocateError::ServerUnavailable(error) = failure else { return None };
    error.get_ref()?.downcast_ref::<ApiError>()?.status()
}
