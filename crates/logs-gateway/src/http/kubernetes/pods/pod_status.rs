//! The state of a pod in a word, as `kubectl get pods` shows it
//! (`pkg/printers/internalversion/printers.go`, `printPod`).

use serde_json::Value;

/// The state of a pod in a word, and how many of its containers are ready.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct PodStatus {
    pub(super) word: String,
    pub(super) ready: usize,
    pub(super) containers: usize,
}

impl PodStatus {
    /// Of a pod in this phase with this object.
    pub(super) fn of(phase: &str, object: &Value) -> Self {
        let list = |name: &str| object["status"][name].as_array().cloned().unwrap_or_default();
        let (initial, main) = (list("initContainerStatuses"), list("containerStatuses"));
        let reason = object["status"]["reason"].as_str().unwrap_or(phase);
        let containers = object["spec"]["containers"].as_array().map_or(0, Vec::len);
        let ready = main.iter().filter(|status| status["ready"] == true).count();
        let word = initial_word(&initial).unwrap_or_else(|| {
            let worst = main.iter().rev().find_map(container_word);
            worst.unwrap_or_else(|| reason.to_owned())
        });
        Self { word, ready, containers }
    }
}

/// The first container for the pod's beginning that has not done its work.
fn initial_word(statuses: &[Value]) -> Option<String> {
    let is_done = |status: &Value| {
        status.pointer("/state/terminated/exitCode").is_some_and(|code| *code == 0)
            || status["started"] == true
    };
    let waiting = statuses.iter().position(|status| !is_done(status))?;
    let word = container_word(&statuses[waiting]).filter(|word| word != "PodInitializing");
    Some(word.map_or_else(
        || format!("Init:{waiting}/{}", statuses.len()),
        |word| format!("Init:{word}"),
    ))
}

fn container_word(status: &Value) -> Option<String> {
    let reason = |state: &str| status["state"][state]["reason"].as_str();
    let word = reason("waiting").or(reason("terminated")).filter(|word| !word.is_empty());
    let code = status.pointer("/state/terminated/exitCode");
    word.map(str::to_owned).or_else(|| code.map(|code| format!("ExitCode:{code}")))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[track_caller]
    fn check(phase: &str, status: &Value, word: &str, ready: usize) {
        let object = json!({"spec": {"containers": [{}, {}]}, "status": status});
        let expected = PodStatus { word: word.into(), ready, containers: 2 };
        assert_eq!(PodStatus::of(phase, &object), expected);
    }

    #[test]
    fn states_are_told_as_kubectl_tells_them() {
        let ready = json!({"ready": true, "state": {"running": {}}});
        let crashing =
            json!({"ready": false, "state": {"waiting": {"reason": "CrashLoopBackOff"}}});
        check("Running", &json!({"containerStatuses": [ready, ready]}), "Running", 2);
        check("Running", &json!({"containerStatuses": [ready, crashing]}), "CrashLoopBackOff", 1);
        check("Pending", &json!({}), "Pending", 0);
        check("Failed", &json!({"reason": "Evicted"}), "Evicted", 0);
        let ended = json!({"state": {"terminated": {"reason": "Completed", "exitCode": 0}}});
        check("Succeeded", &json!({"containerStatuses": [ended]}), "Completed", 0);
        let waiting = json!({"state": {"waiting": {"reason": "PodInitializing"}}});
        let initial = json!({"initContainerStatuses": [ended, waiting]});
        check("Pending", &initial, "Init:1/2", 0);
        let failed = json!({"state": {"terminated": {"exitCode": 3}}});
        check("Pending", &json!({"initContainerStatuses": [failed]}), "Init:ExitCode:3", 0);
    }
}
