//! Random programs of a node and several readers: each reader gets every line once, in order, or an
//! explicit gap.
//!
//! Each line holds its number. A program writes, rotates, compresses, deletes, empties and starts
//! the container anew, and in between readers come, read, lag, leave and resume with the cursors of
//! their last lines, each on its own, while others stay. It also restarts the gateway.

pub(super) mod node;
mod reader;

use proptest::prelude::*;

use self::{
    node::ModelNode,
    reader::{ModelGateway, ModelReader},
};

const READERS: usize = 3;

#[derive(Debug, Clone)]
enum ModelStep {
    /// Whole lines, on either stream.
    Write { lines: usize, stderr: bool },
    /// A line in pieces.
    WritePieces { pieces: usize },
    /// Half a line; the other half comes with the next writing.
    WriteHalf,
    /// Renames, makes a new file, and deletes the oldest of more than four; in between, and just
    /// after, something may still be written to the renamed one, and the gateway may look.
    Rotate { look_in_gap: bool, late: usize },
    /// Compresses the oldest file that is not, as the kubelet does.
    Compress,
    /// Deletes the oldest rotated file.
    DeleteOldest,
    /// Empties the current file (`copytruncate`).
    Truncate,
    /// Empties the current file, and fills it with more than it held before the gateway looks.
    Refill,
    /// Puts a copy in the place of the current file.
    Replace,
    /// The container is started anew.
    Restart,
    /// The gateway looks.
    Look,
    /// A long time passes, in which the gateway looks and no reader reads.
    Sleep,
    /// The gateway is started anew. All streams end.
    RestartGateway,
    /// A reader reads what it may, up to so many lines. If it has left, it resumes first.
    Read { reader: usize, lines: usize },
    /// A reader leaves. It keeps the cursor of its last line.
    Leave { reader: usize },
    /// A reader comes without a cursor; `tail` is how many of the last lines it asks for.
    Come { reader: usize, tail: Option<u64> },
}

fn op() -> impl Strategy<Value = ModelStep> {
    let reader = 0..READERS;
    let tail = prop_oneof![Just(None), (0_u64..5).prop_map(Some)];
    prop_oneof![
        8 => (1_usize..6, any::<bool>()).prop_map(|(lines, stderr)| ModelStep::Write { lines, stderr }),
        3 => (1_usize..4).prop_map(|pieces| ModelStep::WritePieces { pieces }),
        2 => Just(ModelStep::WriteHalf),
        6 => (any::<bool>(), 0_usize..3)
            .prop_map(|(look_in_gap, late)| ModelStep::Rotate { look_in_gap, late }),
        3 => Just(ModelStep::Compress),
        1 => Just(ModelStep::DeleteOldest),
        1 => Just(ModelStep::Truncate),
        1 => Just(ModelStep::Refill),
        1 => Just(ModelStep::Replace),
        1 => Just(ModelStep::Restart),
        6 => Just(ModelStep::Look),
        1 => Just(ModelStep::Sleep),
        1 => Just(ModelStep::RestartGateway),
        8 => (reader.clone(), prop_oneof![Just(usize::MAX), 1_usize..5])
            .prop_map(|(reader, lines)| ModelStep::Read { reader, lines }),
        4 => reader.clone().prop_map(|reader| ModelStep::Leave { reader }),
        3 => (reader, tail).prop_map(|(reader, tail)| ModelStep::Come { reader, tail }),
    ]
}

fn run(program: &[ModelStep]) {
    let root = tempfile::tempdir().unwrap();
    let mut node = ModelNode::new(root.path().join("shop_web_1/app"));
    // The task that keeps a log up to date never runs: the program says when the gateway looks.
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let _entered = runtime.enter();
    let mut gateway = ModelGateway::new(root.path());
    let mut readers: Vec<ModelReader> = (0..READERS).map(|_| ModelReader::default()).collect();
    readers[0].come(&gateway, &node, None);
    for op in program {
        perform(op, &mut node, &mut gateway, &mut readers);
    }
    // A gap is told of with the line after it.
    node.write(false);
    for _ in 0..4 {
        gateway.look(&readers);
        readers.iter_mut().for_each(|reader| reader.read(&gateway, &node, usize::MAX));
    }
    readers.iter().for_each(|reader| reader.check_end(&node));
}

fn perform(
    op: &ModelStep,
    node: &mut ModelNode,
    gateway: &mut ModelGateway,
    readers: &mut [ModelReader],
) {
    match *op {
        ModelStep::Write { lines, stderr } => (0..lines).for_each(|_| node.write(stderr)),
        ModelStep::WritePieces { pieces } => node.write_pieces(pieces),
        ModelStep::WriteHalf => node.write_half(),
        ModelStep::Rotate { look_in_gap, late } => {
            let mut old = node.rename();
            if look_in_gap {
                gateway.look(readers);
            }
            node.reopen();
            if look_in_gap {
                gateway.look_once(readers);
            }
            node.write_late(&mut old, late);
            node.delete_excess();
        }
        ModelStep::Compress => node.compress(),
        ModelStep::DeleteOldest => node.delete_oldest(),
        ModelStep::Truncate => {
            // That a file was emptied is only seen by a gateway that looked before.
            gateway.look(readers);
            node.truncate();
            gateway.look(readers);
        }
        ModelStep::Refill => {
            gateway.look(readers);
            node.refill();
            gateway.look(readers);
        }
        ModelStep::Replace => {
            gateway.look(readers);
            node.replace();
            gateway.look(readers);
        }
        ModelStep::Restart => node.restart(),
        ModelStep::Look => {
            gateway.look(readers);
            node.note_look();
        }
        ModelStep::Sleep => {
            gateway.sleep(readers);
            node.may_lose = true;
        }
        ModelStep::RestartGateway => {
            readers.iter_mut().for_each(ModelReader::leave);
            gateway.restart(node.root());
        }
        ModelStep::Read { reader, lines } => readers[reader].read(gateway, node, lines),
        ModelStep::Leave { reader } => readers[reader].leave(),
        ModelStep::Come { reader, tail } => readers[reader].come(gateway, node, tail),
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]
    #[test]
    fn each_reader_gets_every_line_once_in_order_or_a_gap(
        program in prop::collection::vec(op(), 1..40),
    ) {
        run(&program);
    }
}
