//! `kubectl auth`, compared with the outcome of requests.

use super::command::Kubectl;
use crate::{
    peer::{Installed, Peer},
    stage::Stage,
};

pub(super) fn can_i_answers_by_the_permissions(stage: &Stage, kubectl: &Installed) {
    let alice = Kubectl::of_alice(kubectl, stage);
    for allowed in ["get pods/log", "get pods/web", "list pods", "watch pods"] {
        alice.says(&format!("auth can-i {allowed}"), "yes\n");
    }
    for denied in ["get pods --subresource=log -n team-b", "delete pods", "create pods/exec"] {
        let ended = alice.run(&format!("auth can-i {denied}"));
        assert_eq!((ended.code, ended.text()), (1, "no\n"), "{denied}: {ended:?}");
    }
    let rules = alice.rows("auth can-i --list");
    let may_get = |rule: &&Vec<String>| rule[0] == "pods/log" && rule.last().unwrap() == "[get]";
    assert_eq!(rules.iter().filter(may_get).count(), 1, "{rules:?}");
}

pub(super) fn whoami_names_the_user(stage: &Stage, kubectl: &Installed) {
    let alice = Kubectl::of_alice(kubectl, stage);
    let ended = alice.run("auth whoami -o jsonpath={.status.userInfo.username}");
    // The first version with this command knows only the API before it was stable.
    if kubectl.peer == Peer::Kubectl("1.27") {
        assert_eq!((ended.code, ended.text()), (1, ""), "{ended:?}");
    } else {
        assert_eq!((ended.code, ended.text()), (0, "alice"), "{ended:?}");
    }
}

pub(super) fn a_forbidden_log_is_refused(stage: &Stage, kubectl: &Installed) {
    let alice = Kubectl::of_alice(kubectl, stage);
    let forbidden = |what: &str, verb: &str, scope: &str| {
        format!(
            r#"Error from server (Forbidden): {what} is forbidden: User "alice" cannot {verb} resource "pods" in API group "" {scope}"#
        )
    };
    let there = r#"in the namespace "team-b""#;
    // kubectl requests the pod first, whether or not it exists.
    for pod in ["secret", "nope"] {
        let message = forbidden(&format!("pods {pod:?}"), "get", there);
        alice.fails(&format!("logs -n team-b {pod}"), &message);
    }
    alice.fails("get pods -n team-b", &forbidden("pods", "list", there));
    let log = r#"Error from server (Forbidden): pods "secret" is forbidden: User "alice" cannot get resource "pods/log" in API group "" in the namespace "team-b""#;
    alice.fails("get --raw /api/v1/namespaces/team-b/pods/secret/log", log);
}
