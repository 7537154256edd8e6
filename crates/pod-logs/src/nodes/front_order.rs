//! Which node has the next line.

use chrono::{DateTime, Utc};

use super::node_feed::{FeedState, NodeFeed};

/// What comes next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum NextLineOf {
    Node(usize),
    /// That is certain at this instant at the latest, or when a node says more.
    Wait {
        due: Option<DateTime<Utc>>,
    },
    /// No node has anything more.
    Nothing,
}

/// The node whose line comes next: the one with the earliest, unless another may still have an
/// earlier one. That is not waited for longer than a second, except for nodes that still read what
/// they have from before.
pub(super) fn next_line_of(nodes: &[NodeFeed], now: DateTime<Utc>) -> NextLineOf {
    let heads = nodes.iter().enumerate();
    let heads = heads.filter_map(|(node, feed)| Some((feed.head.as_ref()?.time, node)));
    let Some((time, node)) = heads.min() else {
        let is_over = nodes.iter().all(|feed| match feed.state {
            FeedState::Opening | FeedState::Open => false,
            FeedState::Lost { .. } | FeedState::Done => true,
        });
        return if is_over { NextLineOf::Nothing } else { NextLineOf::Wait { due: None } };
    };
    let reads_history =
        |feed: &NodeFeed| !feed.keeps_up && !feed.is_live && feed.may_precede(time, now);
    if nodes.iter().any(reads_history) {
        return NextLineOf::Wait { due: None };
    }
    let due = nodes[node].due();
    let is_waited_for = |feed: &NodeFeed| feed.may_precede(time, now);
    if due.is_none_or(|due| due > now) && nodes.iter().any(is_waited_for) {
        return NextLineOf::Wait { due };
    }
    NextLineOf::Node(node)
}
