//! What a pod says of its containers: which there are, and which run of one has a log.

use k8s_openapi::api::core::v1::{ContainerState, ContainerStatus, Pod};

use crate::line::target::{ContainerName, PodUid};

/// The length of the checksum of a container id, in bits.
const ID_BITS: u32 = 24;

/// A run of a container that has a log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ContainerRun {
    /// A checksum of the id that the runtime gave the run.
    pub(crate) id: RunId,
    /// How often the container was restarted before.
    pub(crate) restart: u32,
    /// It goes on.
    pub(crate) is_running: bool,
}

/// A checksum of the id that the runtime gave a run of a container.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct RunId(pub(crate) u32);

impl RunId {
    fn of(container_id: &str) -> Self {
        Self(crc32fast::hash(container_id.as_bytes()) & ((1 << ID_BITS) - 1))
    }
}

/// Which run of a container a log would be of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum RunFound {
    Run(ContainerRun),
    /// The container has not been started, for this reason.
    Waiting(String),
    /// The run does not exist, or the container is unknown.
    None,
}

/// The incarnation of the pod, if it has a uid that can be one.
pub(crate) fn uid_of(pod: &Pod) -> Option<PodUid> {
    pod.metadata.uid.as_deref()?.parse().ok()
}

/// The names of the pod's containers in the order of the pod: those that are its purpose, then those
/// for its beginning, then those added to look into it.
pub(crate) fn containers_of(pod: &Pod) -> Vec<ContainerName> {
    let Some(spec) = &pod.spec else { return Vec::new() };
    let initial = spec.init_containers.iter().flatten();
    let ephemeral = spec.ephemeral_containers.iter().flatten();
    let names = (spec.containers.iter().map(|container| &container.name))
        .chain(initial.map(|container| &container.name))
        .chain(ephemeral.map(|container| &container.name));
    names.filter_map(|name| name.parse().ok()).collect()
}

/// How many containers are the pod's purpose. They come first among its containers.
pub(crate) fn main_containers_of(pod: &Pod) -> usize {
    pod.spec.as_ref().map_or(0, |spec| spec.containers.len())
}

/// The run whose log the kubelet gives, or the one before (`kubelet_pods.go`,
/// `validateContainerLogStatus`).
pub(crate) fn run_of(pod: &Pod, container: &ContainerName, previous: bool) -> RunFound {
    let Some(status) = status_of(pod, container) else {
        return RunFound::None;
    };
    let restarts = u32::try_from(status.restart_count).unwrap_or(0);
    let is_waiting = status.state.as_ref().is_none_or(|state| {
        state.running.is_none()
            && state.terminated.as_ref().is_none_or(|run| has_no_id(&run.container_id))
    });
    let last = ended_run(status.last_state.as_ref());
    if previous {
        // While the container waits, its last run is counted as the present one.
        let restart = if is_waiting { restarts } else { restarts.saturating_sub(1) };
        return ended(last, restart);
    }
    if let Some(ContainerState { running: Some(_), .. }) = &status.state {
        let id = status.container_id.as_deref().unwrap_or_default();
        return RunFound::Run(ContainerRun {
            id: RunId::of(id),
            restart: restarts,
            is_running: true,
        });
    }
    match (ended_run(status.state.as_ref()), last) {
        (Some(run), _) | (None, Some(run)) => ended(Some(run), restarts),
        (None, None) => RunFound::Waiting(reason(status)),
    }
}

fn ended(container_id: Option<&str>, restart: u32) -> RunFound {
    let run = |id| ContainerRun { id: RunId::of(id), restart, is_running: false };
    container_id.map_or(RunFound::None, |id| RunFound::Run(run(id)))
}

/// The id of the run that ended in this state.
fn ended_run(state: Option<&ContainerState>) -> Option<&str> {
    let id = state?.terminated.as_ref()?.container_id.as_deref();
    id.filter(|id| !id.is_empty())
}

fn has_no_id(id: &Option<String>) -> bool {
    id.as_deref().is_none_or(str::is_empty)
}

/// The reason as it is told; `reason` is empty if it is not known.
pub(crate) fn waiting_reason(reason: &str) -> &str {
    if reason.is_empty() { "no logs yet" } else { reason }
}

/// Why a container has not been started.
fn reason(status: &ContainerStatus) -> String {
    let waiting = status.state.as_ref().and_then(|state| state.waiting.as_ref());
    waiting.and_then(|waiting| waiting.reason.clone()).unwrap_or_default()
}

fn status_of<'a>(pod: &'a Pod, container: &ContainerName) -> Option<&'a ContainerStatus> {
    let status = pod.status.as_ref()?;
    let lists = [
        &status.container_statuses,
        &status.init_container_statuses,
        &status.ephemeral_container_statuses,
    ];
    let mut statuses = lists.into_iter().flatten().flatten();
    statuses.find(|status| status.name == container.as_str())
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn pod(restarts: i32, state: &Value, last: &Value) -> Pod {
        let status = json!({
            "name": "app", "restartCount": restarts, "containerID": "cri://now",
            "state": state, "lastState": last, "image": "", "imageID": "", "ready": true,
        });
        serde_json::from_value(json!({
            "metadata": {"uid": "1"},
            "spec": {
                "containers": [{"name": "app"}, {"name": "side"}],
                "initContainers": [{"name": "init"}],
            },
            "status": {"containerStatuses": [status]},
        }))
        .unwrap()
    }

    #[track_caller]
    fn check(pod: &Pod, previous: bool, expected: Option<(&str, u32, bool)>) {
        let expected = expected.map_or(RunFound::None, |(id, restart, is_running)| {
            RunFound::Run(ContainerRun { id: RunId::of(id), restart, is_running })
        });
        assert_eq!(run_of(pod, &"app".parse().unwrap(), previous), expected);
    }

    #[test]
    fn runs_are_chosen_as_the_kubelet_chooses_them() {
        let (running, none) = (json!({"running": {}}), json!({}));
        let ended = |id: &str| json!({"terminated": {"containerID": id, "exitCode": 1}});
        let waiting = json!({"waiting": {"reason": "CrashLoopBackOff"}});
        let restarted = pod(3, &running, &ended("cri://before"));
        check(&restarted, false, Some(("cri://now", 3, true)));
        check(&restarted, true, Some(("cri://before", 2, false)));
        check(&pod(0, &running, &none), true, None);
        check(&pod(0, &ended("cri://now"), &none), false, Some(("cri://now", 0, false)));
        let crashing = pod(3, &waiting, &ended("cri://before"));
        check(&crashing, false, Some(("cri://before", 3, false)));
        check(&crashing, true, Some(("cri://before", 3, false)));
        let lost = pod(1, &json!({"terminated": {"exitCode": 1}}), &ended("cri://before"));
        check(&lost, false, Some(("cri://before", 1, false)));
    }

    #[test]
    fn a_container_that_waits_says_why() {
        let waiting = json!({"waiting": {"reason": "ContainerCreating"}});
        let pod = pod(0, &waiting, &json!({}));
        let app = "app".parse().unwrap();
        assert_eq!(run_of(&pod, &app, false), RunFound::Waiting("ContainerCreating".into()));
        assert_eq!(run_of(&pod, &"side".parse().unwrap(), false), RunFound::None);
    }

    #[test]
    fn containers_are_named_in_the_order_of_their_use() {
        let pod = pod(0, &json!({}), &json!({}));
        let names = containers_of(&pod);
        assert_eq!(
            names.iter().map(ContainerName::as_str).collect::<Vec<_>>(),
            ["app", "side", "init"]
        );
        assert_eq!(main_containers_of(&pod), 2);
    }
}
