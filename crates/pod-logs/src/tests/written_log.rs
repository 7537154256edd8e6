//! Random logs, as the kubelet and a runtime leave them on the disk.

use std::{
    fs::{self, File},
    io::Write,
    path::Path,
    time::{Duration, SystemTime},
};

use flate2::{Compression, write::GzEncoder};
use proptest::prelude::*;

/// What stands in a file, and how it is named.
#[derive(Debug, Clone)]
pub(super) struct WrittenFile {
    pub(super) pieces: Vec<WrittenPiece>,
    /// What is missing of the last piece, in bytes.
    pub(super) torn: usize,
    pub(super) is_compressed: bool,
    /// The container is started anew after it.
    pub(super) ends_run: bool,
    /// And so is the pod.
    pub(super) ends_incarnation: bool,
}

#[derive(Debug, Clone)]
pub(super) struct WrittenPiece {
    pub(super) stream: &'static str,
    pub(super) tag: &'static str,
    pub(super) length: usize,
}

fn piece() -> impl Strategy<Value = WrittenPiece> {
    (
        prop_oneof![3 => Just("stdout"), 2 => Just("stderr"), 1 => Just("neither")],
        prop_oneof![3 => Just("F"), 2 => Just("P")],
        prop_oneof![20 => 0_usize..60, 2 => 0_usize..20_000, 1 => 60_000_usize..70_000],
    )
        .prop_map(|(stream, tag, length)| WrittenPiece { stream, tag, length })
}

/// A file of a log.
pub(super) fn part() -> impl Strategy<Value = WrittenFile> {
    (
        prop::collection::vec(piece(), 1..15),
        prop_oneof![3 => Just(0), 1 => 1_usize..40],
        any::<bool>(),
        prop_oneof![2 => Just((false, false)), 1 => Just((true, false)), 1 => Just((true, true))],
    )
        .prop_map(|(pieces, torn, is_compressed, (ends_run, ends_incarnation))| WrittenFile {
            pieces,
            torn,
            is_compressed,
            ends_run,
            ends_incarnation,
        })
}

/// Writes a log of a container the way the kubelet and the runtime do.
pub(super) fn write_log(root: &Path, container: &str, parts: &[WrittenFile]) {
    let (mut incarnation, mut restart, mut number) = (0, 0, 0);
    for (index, part) in parts.iter().enumerate() {
        let directory = root.join(format!("shop_web_{incarnation}")).join(container);
        fs::create_dir_all(&directory).unwrap();
        let is_last = index + 1 == parts.len();
        let is_rotated = !is_last && !part.ends_run;
        let is_compressed = is_rotated && part.is_compressed;
        let mut content = Vec::new();
        for piece in &part.pieces {
            number += 1;
            let (minute, second) = (number / 60 % 60, number % 60);
            let WrittenPiece { stream, tag, length } = piece;
            let text = "x".repeat(*length);
            writeln!(
                content,
                "2026-11-01T10:{minute:02}:{second:02}Z {stream} {tag} <{number}>{text}"
            )
            .unwrap();
        }
        content.truncate(content.len().saturating_sub(part.torn));
        let name = match (is_rotated, is_compressed) {
            (false, _) => format!("{restart}.log"),
            (true, false) => format!("{restart}.log.20261101-{index:06}"),
            (true, true) => format!("{restart}.log.20261101-{index:06}.gz"),
        };
        let mut file = File::create(directory.join(name)).unwrap();
        if is_compressed {
            let mut encoder = GzEncoder::new(file, Compression::fast());
            encoder.write_all(&content).unwrap();
            file = encoder.finish().unwrap();
        } else {
            file.write_all(&content).unwrap();
        }
        // What is written later looks so.
        file.set_modified(SystemTime::UNIX_EPOCH + Duration::from_secs(index as u64)).unwrap();
        restart += u32::from(part.ends_run);
        if part.ends_incarnation {
            (incarnation, restart) = (incarnation + 1, 0);
        }
    }
}
