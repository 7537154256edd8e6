//! Random programs of several nodes and a client of a front: whatever breaks in between, the client
//! gets every line of each pod once and in order, and lines that are not late in the order of their
//! times.

use std::time::Duration;

use proptest::prelude::*;

use super::{
    client::ModelClient,
    model_node::{ModelNode, ModelPod},
};
use crate::{query::LogQuery, tests::follow_model::node::ModelClock};

const NODES: usize = 3;

#[derive(Debug, Clone)]
enum NodesStep {
    Write {
        node: usize,
        pod: usize,
        lines: usize,
        age: u64,
    },
    MakePod {
        node: usize,
    },
    Look {
        node: usize,
    },
    Pass {
        millis: u64,
    },
    Receive {
        node: usize,
        most: usize,
    },
    Read,
    /// The connection breaks.
    Cut {
        node: usize,
    },
    /// The front connects again.
    Return {
        node: usize,
    },
    /// The client leaves, and comes back with its last checkpoint.
    Resume,
}

fn step() -> impl Strategy<Value = NodesStep> {
    use NodesStep::*;
    let node = 0..NODES;
    let age = prop_oneof![8 => Just(0_u64), 1 => Just(300_000_000)];
    let most = prop_oneof![Just(10), Just(700), Just(100_000)];
    prop_oneof![
        12 => (node.clone(), 0_usize..3, 1_usize..4, age)
            .prop_map(|(node, pod, lines, age)| Write { node, pod, lines, age }),
        2 => node.clone().prop_map(|node| MakePod { node }),
        6 => node.clone().prop_map(|node| Look { node }),
        6 => prop_oneof![Just(10), Just(150), Just(250), Just(1_100)]
            .prop_map(|millis| Pass { millis }),
        16 => (node.clone(), most).prop_map(|(node, most)| Receive { node, most }),
        10 => Just(Read),
        2 => node.clone().prop_map(|node| Cut { node }),
        3 => node.prop_map(|node| Return { node }),
        2 => Just(Resume),
    ]
}

fn run(tail: Option<u64>, program: &[NodesStep]) {
    // The tasks that keep logs up to date never run: the program says when a gateway looks.
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let _entered = runtime.enter();
    let clock = ModelClock::default();
    let mut nodes: Vec<_> =
        (0..NODES).map(|node| ModelNode::new(&format!("n{node}"), clock.clone())).collect();
    nodes[0].make_pod();
    nodes[0].write(0, 0);
    let query = LogQuery { follow: true, tail, ..LogQuery::default() };
    let mut client = ModelClient::come(&mut nodes, &query, &clock);
    let mut is_down = [false; NODES];
    for step in program {
        use NodesStep::*;
        match *step {
            Write { node, pod, lines, age } => {
                (0..lines).for_each(|_| nodes[node].write(pod, age));
            }
            MakePod { node } => nodes[node].make_pod(),
            Look { node } => nodes[node].look(),
            Pass { millis } => clock.pass(Duration::from_millis(millis)),
            Receive { node, most } => {
                client.receive(&mut nodes, node, most);
            }
            Read => {
                client.read();
            }
            Cut { node } if !is_down[node] => {
                is_down[node] = true;
                nodes[node].cut();
                client.reading.closed(node);
            }
            Return { node } if is_down[node] => {
                is_down[node] = false;
                client.connect(&mut nodes, node, &query);
            }
            Cut { .. } | Return { .. } => {}
            Resume => client.resume(&mut nodes, &query, &clock, |node| is_down[node]),
        }
    }
    for node in (0..NODES).filter(|node| is_down[*node]) {
        client.connect(&mut nodes, node, &query);
    }
    finish(&mut client, &mut nodes, &clock);
    for ModelPod { name, written, .. } in nodes.iter().flat_map(|node| &node.pods) {
        let last = client.given.last.get(name);
        let is_before_tail = tail.is_some() && last.is_none();
        assert!(is_before_tail || last == Some(written), "{last:?} of {written} of {name}");
    }
    assert!(client.reading.missing().is_empty());
}

/// Has everything read that is there.
fn finish(client: &mut ModelClient, nodes: &mut [ModelNode], clock: &ModelClock) {
    let mut quiet = 0;
    while quiet < 4 {
        clock.pass(Duration::from_millis(1_100));
        nodes.iter_mut().for_each(ModelNode::look);
        let mut is_quiet = true;
        let lines = client.given.last.clone();
        for _ in 0..50 {
            for node in 0..nodes.len() {
                client.receive(nodes, node, 100_000);
            }
            is_quiet &= !client.read().1;
        }
        is_quiet |= lines == client.given.last;
        quiet = if is_quiet { quiet + 1 } else { 0 };
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(150))]
    #[test]
    fn a_client_of_many_nodes_gets_every_line_once_and_in_order(
        tail in prop_oneof![3 => Just(None), 1 => (0_u64..5).prop_map(Some)],
        program in prop::collection::vec(step(), 1..80),
    ) {
        run(tail, &program);
    }
}
