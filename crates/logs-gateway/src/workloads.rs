//! Workloads that select pods whose logs the caller may read.

use pod_logs::{ApiError, PodSurvey, SeenPod, Workload, WorkloadRef};

use crate::{auth::Caller, reader::LogReader};

/// The workload, if it selects one of these pods whose log the caller may read. One that does not
/// exist looks the same as one that the caller may not see.
///
/// # Errors
/// When the source does not tell.
pub(crate) async fn readable_workload(
    reader: &LogReader,
    pods: &PodSurvey,
    caller: &Caller,
    workload: &WorkloadRef,
) -> Result<Option<Workload>, ApiError> {
    let namespace = &workload.namespace;
    if !caller.may_read_in(namespace.as_str()) {
        return Ok(None);
    }
    let Some(found) = reader.workload(caller, workload).await? else {
        return Ok(None);
    };
    let is_readable = |pod: &SeenPod| {
        pod.pod.namespace == *namespace
            && pod.object.as_ref().is_some_and(|object| found.selects(&object.labels))
            && caller.may_read(&pod.pod).is_ok()
    };
    Ok(pods.pods.values().any(|pod| is_readable(pod)).then_some(found))
}
