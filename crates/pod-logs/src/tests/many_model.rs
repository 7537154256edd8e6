//! Random programs of several pods and several readers of all of them: of each log each reader gets
//! every line once and in order, or an explicit gap; and lines that are not late come in the order
//! of their times.
//!
//! As in the model of one log ([`super::follow_model`]), each line holds its number. In between
//! readers come, follow, read pages, leave, and resume at any checkpoint that they were given. Pods
//! and containers come and go, and permissions change.

mod node;
mod reader;
mod received;
mod record;

use std::time::Duration;

use proptest::prelude::*;

use self::{
    node::ModelPods,
    reader::{ManyGateway, ManyReader},
};
use super::follow_model::node::ModelNode;
use crate::LogForm;

/// One reader each.
const FORMS: [LogForm; 2] = [LogForm::JsonLines, LogForm::Events];
const PODS: usize = 3;

/// Logs, readers and checkpoints are chosen by numbers, of which the remainder counts.
#[derive(Debug, Clone)]
enum ManyStep {
    Write {
        log: usize,
        lines: usize,
        stderr: bool,
    },
    WritePieces {
        log: usize,
    },
    WriteHalf {
        log: usize,
    },
    Rotate {
        log: usize,
        late: usize,
    },
    Compress {
        log: usize,
    },
    DeleteOldest {
        log: usize,
    },
    Truncate {
        log: usize,
    },
    Restart {
        log: usize,
    },
    /// The times of a log run back.
    RunBack {
        log: usize,
    },
    /// A second container of a pod.
    StartContainer {
        pod: usize,
    },
    DeletePod {
        pod: usize,
    },
    /// A pod, or another incarnation of it.
    MakePod {
        pod: usize,
    },
    Permit {
        pod: usize,
        may_read: bool,
    },
    Pass {
        millis: u64,
    },
    Look,
    RestartGateway,
    /// A reader reads what it may. If it has left, it resumes first.
    Follow {
        reader: usize,
    },
    /// A reader reads so many lines behind its last checkpoint.
    Page {
        reader: usize,
        lines: u64,
    },
    /// A reader leaves, and goes back to one of its last checkpoints.
    Leave {
        reader: usize,
        back: usize,
    },
    Come {
        reader: usize,
        tail: Option<u64>,
    },
}

fn step() -> impl Strategy<Value = ManyStep> {
    use ManyStep::*;
    let tail = prop_oneof![2 => Just(None), 1 => (0_u64..5).prop_map(Some)];
    let log = 0_usize..6;
    let (pod, reader) = (0..PODS, 0..FORMS.len());
    prop_oneof![
        12 => (log.clone(), 1_usize..5, any::<bool>())
            .prop_map(|(log, lines, stderr)| Write { log, lines, stderr }),
        2 => log.clone().prop_map(|log| WritePieces { log }),
        2 => log.clone().prop_map(|log| WriteHalf { log }),
        5 => (log.clone(), 0_usize..2).prop_map(|(log, late)| Rotate { log, late }),
        2 => log.clone().prop_map(|log| Compress { log }),
        1 => log.clone().prop_map(|log| DeleteOldest { log }),
        1 => log.clone().prop_map(|log| Truncate { log }),
        2 => log.clone().prop_map(|log| Restart { log }),
        1 => log.prop_map(|log| RunBack { log }),
        2 => pod.clone().prop_map(|pod| StartContainer { pod }),
        1 => pod.clone().prop_map(|pod| DeletePod { pod }),
        2 => pod.clone().prop_map(|pod| MakePod { pod }),
        1 => (pod, any::<bool>()).prop_map(|(pod, may_read)| Permit { pod, may_read }),
        6 => prop_oneof![Just(30), Just(150), Just(250), Just(1_100)]
            .prop_map(|millis| Pass { millis }),
        5 => Just(Look),
        1 => Just(RestartGateway),
        10 => reader.clone().prop_map(|reader| Follow { reader }),
        5 => (reader.clone(), 1_u64..6).prop_map(|(reader, lines)| Page { reader, lines }),
        4 => (reader.clone(), 0_usize..4).prop_map(|(reader, back)| Leave { reader, back }),
        2 => (reader, tail).prop_map(|(reader, tail)| Come { reader, tail }),
    ]
}

fn run(program: &[ManyStep]) {
    let root = tempfile::tempdir().unwrap();
    let mut pods = ModelPods::new(root.path().to_owned());
    pods.make(0);
    // The tasks that keep logs up to date never run: the program says when the gateway looks.
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let _entered = runtime.enter();
    let mut gateway = ManyGateway::new(root.path(), pods.clock.clone());
    let mut readers = FORMS.map(ManyReader::of);
    readers[0].come(&gateway, &pods, None);
    for step in program {
        perform(step, &mut pods, &mut gateway, &mut readers);
    }
    (0..PODS).for_each(|pod| permit(pod, true, &pods, &mut gateway, &mut readers));
    for _ in 0..4 {
        // A gap is told of with the line after it.
        pods.write_everywhere();
        pods.clock.pass(Duration::from_secs(2));
        gateway.look();
        readers.iter_mut().for_each(|reader| reader.follow(&gateway, &pods));
    }
    pods.clock.pass(Duration::from_secs(2));
    readers.iter_mut().for_each(|reader| reader.follow(&gateway, &pods));
    readers.iter().for_each(|reader| reader.check_end(&pods));
}

fn permit(
    pod: usize,
    may_read: bool,
    pods: &ModelPods,
    gateway: &mut ManyGateway,
    readers: &mut [ManyReader],
) {
    gateway.permit(pod, may_read);
    readers.iter_mut().for_each(|reader| reader.restrict(gateway, pods, pod));
}

fn perform(
    step: &ManyStep,
    pods: &mut ModelPods,
    gateway: &mut ManyGateway,
    readers: &mut [ManyReader],
) {
    use ManyStep::*;
    match *step {
        Write { log, lines, stderr } => {
            pods.with(log, |node| (0..lines).for_each(|_| node.write(stderr)));
        }
        WritePieces { log } => pods.with(log, |node| node.write_pieces(2)),
        WriteHalf { log } => pods.with(log, ModelNode::write_half),
        Rotate { log, late } => pods.with(log, |node| {
            let mut old = node.rename();
            node.reopen();
            node.write_late(&mut old, late);
            node.delete_excess();
        }),
        Compress { log } => pods.with(log, |node| node.compress()),
        DeleteOldest { log } => pods.with(log, ModelNode::delete_oldest),
        Truncate { log } => {
            gateway.look();
            pods.with(log, ModelNode::truncate);
            gateway.look();
        }
        Restart { log } => pods.with(log, ModelNode::restart),
        RunBack { log } => pods.run_back(log),
        StartContainer { pod } => pods.start_container(pod),
        DeletePod { pod } => pods.delete(pod),
        MakePod { pod } => pods.make(pod),
        Permit { pod, may_read } => permit(pod, may_read, pods, gateway, readers),
        Pass { millis } => pods.clock.pass(Duration::from_millis(millis)),
        Look => {
            gateway.look();
            pods.note_look();
        }
        RestartGateway => {
            readers.iter_mut().for_each(|reader| reader.leave(0));
            gateway.restart();
        }
        Follow { reader } => readers[reader].follow(gateway, pods),
        Page { reader, lines } => readers[reader].page(gateway, pods, lines),
        Leave { reader, back } => readers[reader].leave(back),
        Come { reader, tail } => readers[reader].come(gateway, pods, tail),
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]
    #[test]
    fn each_reader_of_many_logs_gets_every_line_once_in_order_or_a_gap(
        program in prop::collection::vec(step(), 1..60),
    ) {
        run(&program);
    }
}
