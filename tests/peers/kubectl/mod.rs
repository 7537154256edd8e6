//! kubectl, in each of its versions.

mod command;
mod logs;
mod pods;
mod rights;
mod session;

use crate::{Case, cases};

pub(crate) const CASES: &[(&str, Case)] = cases! {
    logs: [
        a_log_is_given_in_its_very_bytes,
        a_log_is_cut_as_it_is_asked_for,
        lines_are_chosen_by_their_time,
        lines_can_show_their_time,
        the_run_before_can_be_read,
        containers_are_named_or_chosen_or_all_read,
        a_log_is_followed_until_its_container_ends,
        a_follow_breaks_off_when_its_session_ends,
        unreadable_logs_fail_in_the_api_servers_words,
    ],
    pods: [
        pods_are_listed_in_a_table,
        pods_are_selected_by_their_fields,
        a_pod_is_shown_in_full,
        pods_are_watched,
        namespaces_are_listed,
    ],
    rights: [
        who_may_do_what_is_told,
        whoami_names_the_user,
        what_may_not_be_read_is_refused,
    ],
    session: [
        who_has_no_session_any_more_is_told_so,
        the_kubeconfig_of_the_gateway_works_as_it_is,
        the_plugin_leads_from_log_in_to_log_out,
        five_at_once_renew_one_session_once,
        a_session_is_renewed_in_the_middle_of_a_command,
        a_watch_shows_that_its_session_ended,
    ],
};
