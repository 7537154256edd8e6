//! kubectl, in each of its versions.

mod command;
mod front;
mod logs;
mod pods;
mod rights;
mod session;
mod workloads;

pub(crate) use command::Kubectl;

use crate::{Case, cases};

pub(crate) const CASES: &[(&str, Case)] = cases! {
    logs: [
        a_log_has_its_exact_bytes,
        tail_and_limit_cut_a_log,
        lines_are_chosen_by_their_time,
        lines_can_show_their_time,
        previous_reads_the_run_before,
        containers_are_selected_by_name_by_default_or_all,
        a_log_is_followed_until_its_container_ends,
        a_follow_breaks_off_when_its_session_ends,
        unreadable_logs_fail_in_the_api_servers_words,
    ],
    pods: [
        pods_are_listed_in_a_table,
        pods_are_selected_by_their_fields,
        describe_shows_a_pod_in_full,
        pods_are_watched,
        namespaces_are_listed,
    ],
    rights: [
        can_i_answers_by_the_permissions,
        whoami_names_the_user,
        a_forbidden_log_is_refused,
    ],
    workloads: [
        a_log_is_found_by_its_workload,
        a_workload_without_a_readable_pod_is_refused,
    ],
    front: [
        the_pods_of_all_nodes_are_listed_and_watched,
        a_dead_node_is_warned_of,
    ],
    session: [
        an_ended_session_is_reported_by_kubectl,
        the_kubeconfig_of_the_gateway_works_unchanged,
        the_plugin_works_from_log_in_to_log_out,
        five_simultaneous_calls_renew_a_session_once,
        a_session_is_renewed_in_the_middle_of_a_command,
        a_watch_shows_that_its_session_ended,
    ],
};
