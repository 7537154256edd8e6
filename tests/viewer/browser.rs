//! Chromium and Firefox on the page, with both services. The cases are scripts in `browser/`.

use libtest_mimic::Trial;

use crate::{
    installed::{javascript, program, trial},
    stage::{Browser, Stage},
};

/// Scripts for Chromium and their cases.
const CASES: &[(&str, &[&str])] = &[
    (
        "log_in",
        &[
            "a_user_logs_in_picks_a_log_and_sees_it_grow",
            "an_ended_session_is_said_and_log_in_comes_back_to_the_log",
            "a_session_is_renewed_in_place",
            "an_outage_of_the_authority_is_said_and_passes",
            "a_session_ended_on_the_account_page_is_said_in_the_viewer",
            "a_newcomer_registers_and_is_told_which_permission_is_missing",
            "a_log_in_comes_back_to_the_line_that_was_looked_at",
            "a_log_in_in_another_tab_is_taken_over",
        ],
    ),
    (
        "reading",
        &[
            "history_goes_up_through_rotated_files_and_earlier_runs",
            "a_restart_of_the_gateway_loses_and_repeats_no_line",
            "seven_tabs_read_a_log_once",
            "without_a_shared_worker_streams_run_in_the_page",
            "a_paused_log_holds_its_lines",
            "all_containers_of_a_pod_are_merged",
            "the_first_line_is_soon_there_and_ten_thousand_a_second_are_followed",
        ],
    ),
    (
        "pods",
        &[
            "pods_are_merged_by_time_and_come_and_go",
            "a_restart_of_the_gateway_loses_and_repeats_no_line_of_any_pod",
            "pods_are_added_in_the_picker",
            "all_pods_that_fit_are_opened_together",
            "a_pattern_takes_in_pods_that_start_later_and_shows_earlier_runs",
            "the_choice_stays_while_other_pods_write",
        ],
    ),
    (
        "nodes",
        &[
            "a_node_that_dies_and_returns_is_said",
            "a_node_that_returns_without_a_line_is_said",
            "history_without_a_lost_node_says_what_is_missing",
            "a_pod_of_a_dead_node_is_read_on_when_it_returns",
        ],
    ),
    (
        "traces",
        &[
            "a_stack_trace_is_folded_and_opened",
            "a_stack_trace_grows_while_it_is_followed",
            "traces_of_several_pods_are_kept_together",
            "a_trace_that_a_page_cuts_is_whole_when_history_is_read",
            "errors_come_with_their_exceptions",
        ],
    ),
    (
        "finding",
        &[
            "a_filter_searches_on_the_server_and_marks_matches",
            "a_link_to_a_line_opens_for_those_who_may_read_it",
            "fields_of_a_json_line_filter_and_become_columns",
            "times_are_chosen_on_the_bar",
            "lines_of_json_are_folded_in_a_search_and_show_what_matched",
            "a_link_to_a_line_of_several_pods_names_it_to_the_nanosecond",
        ],
    ),
    (
        "reach",
        &[
            "matches_and_places_are_reached_by_mouse",
            "a_field_is_filtered_by_with_keys_alone",
            "a_level_is_chosen_with_keys_alone",
            "actions_of_a_line_are_reached_by_touch",
            "times_before_now_grow",
        ],
    ),
    (
        "looks",
        &[
            "hostile_lines_are_text",
            "no_accessibility_fault_is_found",
            "a_phone_has_large_targets_and_wrapped_lines",
            "millions_of_lines_scroll_smoothly",
            "the_bar_stays_one_line_with_long_names",
            "a_selection_survives_scrolling_and_following",
        ],
    ),
    ("authority", &["the_pages_of_the_authority_are_accessible", "an_administrator_uses_the_page"]),
    ("pictures", &["the_pictures_show_what_they_should"]),
];

/// The script for Firefox.
const FIREFOX: &str = "firefox";
/// Its cases: what a user does most. Each starts a browser, so they are few.
const FIREFOX_CASES: [&str; 4] = [
    "a_user_logs_in_picks_a_log_and_sees_it_grow",
    "a_search_marks_matches_and_a_link_leads_to_a_line",
    "the_viewer_is_used_by_keys_alone",
    "the_bar_and_a_phone_fit_as_in_chromium",
];

pub(crate) fn trials() -> Vec<Trial> {
    let cases = CASES.iter().flat_map(|(file, cases)| cases.iter().map(move |case| (*file, *case)));
    let chromium =
        cases.map(|(file, case)| of_case("chromium", include_str!("browser/run.js"), file, case));
    let firefox = FIREFOX_CASES
        .map(|case| of_case("firefox-esr", include_str!("browser/run_firefox.js"), FIREFOX, case));
    chromium.chain(firefox).collect()
}

fn of_case(
    browser: &'static str,
    runner: &'static str,
    file: &'static str,
    case: &'static str,
) -> Trial {
    let needed = javascript().and_then(|libraries| Ok((libraries, program(browser)?)));
    trial(format!("{browser}::{file}::{case}"), needed, move |(libraries, program)| {
        let stage = if file == "nodes" { Stage::of_nodes(3) } else { Stage::start() };
        stage.run(&libraries, &Browser { program, runner }, file, case);
    })
}
