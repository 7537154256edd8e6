//! The files of the page, which are part of the executable.

/// The page: a template.
pub(super) const INDEX: &str = include_str!("../../../web/index.html");

macro_rules! assets {
    ($($name:literal,)*) => {
        &[$(($name, include_bytes!(concat!("../../../web/", $name)))),*]
    };
}

/// Names and contents of the files that the page loads, in order of their names.
pub(super) const ASSETS: &[(&str, &[u8])] = assets![
    "api/event_parser.js",
    "api/event_stream.js",
    "api/hub.js",
    "api/log_memory.js",
    "api/log_url.js",
    "api/pod_memory.js",
    "api/request.js",
    "api/session.js",
    "api/streams.js",
    "api/worker.js",
    "icon.svg",
    "main.js",
    "model/chosen_text.js",
    "model/density.js",
    "model/heights.js",
    "model/hues.js",
    "model/joining.js",
    "model/left_out.js",
    "model/lines.js",
    "model/local_store.js",
    "model/lost_nodes.js",
    "model/packed_block.js",
    "model/pod_list.js",
    "model/problems.js",
    "model/reading.js",
    "model/row.js",
    "model/search_progress.js",
    "model/searched.js",
    "model/selection.js",
    "model/sources.js",
    "model/status.js",
    "model/sums.js",
    "model/traces.js",
    "model/view.js",
    "model/viewport.js",
    "page/access.js",
    "page/copying.js",
    "page/downloads.js",
    "page/filters.js",
    "page/finding.js",
    "page/folding.js",
    "page/following.js",
    "page/keys.js",
    "page/line_actions.js",
    "page/line_page.js",
    "page/node_probe.js",
    "page/ranges.js",
    "page/reader.js",
    "page/runs.js",
    "page/searching.js",
    "page/settings.js",
    "page/shortcuts.js",
    "page/totals.js",
    "page/viewer.js",
    "page/volumes.js",
    "style/list.css",
    "style/page.css",
    "style/tokens.css",
    "text/ansi.js",
    "text/escape.js",
    "text/found.js",
    "text/fuzzy.js",
    "text/json_hits.js",
    "text/json_line.js",
    "text/level.js",
    "text/offsets.js",
    "text/quantity.js",
    "text/segments.js",
    "text/time.js",
    "text/trace_shape.js",
    "view/density_bar.js",
    "view/dom.js",
    "view/fields.js",
    "view/list.js",
    "view/log_names.js",
    "view/menus.js",
    "view/picker.js",
    "view/row.js",
    "view/status_line.js",
];

/// The media type of a file, by its name.
pub(super) fn content_type(name: &str) -> &'static str {
    match name.rsplit_once('.') {
        Some((_, "js")) => "text/javascript; charset=utf-8",
        Some((_, "css")) => "text/css; charset=utf-8",
        Some((_, "svg")) => "image/svg+xml",
        _ => "application/octet-stream",
    }
}
