//! Cursors as texts.

use std::borrow::Borrow;

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use crc32fast::Hasher;

use super::{
    LogPosition, MAX_TEXT_BYTES, SOURCE_FILES, SOURCE_KUBERNETES, VERSION, VERSION_WITH_LEVELS,
};
use crate::{
    line::{
        filter::levels_before::LevelsBefore,
        target::{ContainerName, PodUid},
    },
    source::kubernetes::feed::line_place::LinePlace,
};

/// Encodes one cursor after another. Those behind the lines of one log begin alike, and what is the
/// same is encoded once.
#[derive(Debug, Default)]
pub(crate) struct CursorEncoder {
    content: Vec<u8>,
    /// How the content began the last time: whole groups of bytes in base64.
    begin: Vec<u8>,
    /// The checksum's state behind it.
    begin_checksum: Hasher,
    /// A text that begins with it.
    text: Vec<u8>,
}

impl CursorEncoder {
    /// The text of a [`Cursor`](super::Cursor) of these. `None` if it has so many logs that the text
    /// would be too long to be accepted.
    pub(crate) fn encode<N: Borrow<ContainerName>>(
        &mut self,
        pod: u32,
        uid: &PodUid,
        logs: &[LogPosition<N>],
    ) -> Option<&str> {
        let count = u8::try_from(logs.len()).ok()?;
        let is_of_files = logs.iter().any(|log| log.line.is_none());
        let has_levels =
            !is_of_files || logs.iter().any(|log| log.levels != LevelsBefore::default());
        let version = if has_levels { VERSION_WITH_LEVELS } else { VERSION };
        let source = if is_of_files { SOURCE_FILES } else { SOURCE_KUBERNETES };
        let content = &mut self.content;
        content.clear();
        content.extend([version, source]);
        content.extend(pod.to_be_bytes());
        write_text(content, uid.as_str());
        content.push(count);
        let mut begin = content.len();
        for (number, log) in logs.iter().enumerate() {
            write_text(content, log.container.borrow().as_str());
            content.extend(log.restart.to_be_bytes());
            if number == 0 {
                begin = content.len();
            }
            match log.line.filter(|_| !is_of_files) {
                Some(line) => write_line_place(content, &line),
                None => write_files(content, log),
            }
            content.extend(has_levels.then(|| log.levels.to_byte()));
        }
        self.encode_content(begin - begin % 3);
        str::from_utf8(&self.text).ok().filter(|text| text.len() <= MAX_TEXT_BYTES)
    }

    /// Encodes the content and its checksum; so much of it is likely to be the same as before.
    fn encode_content(&mut self, begin: usize) {
        let Self { content, text, .. } = self;
        if content[..begin] != self.begin {
            self.begin = content[..begin].to_vec();
            self.begin_checksum = Hasher::new();
            self.begin_checksum.update(&self.begin);
            text.clear();
            append_base64(&self.begin, text);
        }
        let mut checksum = self.begin_checksum.clone();
        checksum.update(&content[begin..]);
        content.extend(checksum.finalize().to_be_bytes());
        text.truncate(begin / 3 * 4);
        append_base64(&content[begin..], text);
    }
}

fn append_base64(bytes: &[u8], text: &mut Vec<u8>) {
    let start = text.len();
    // Three bytes become four characters, which is more than an unpadded text has at its end.
    text.resize(start + bytes.len().div_ceil(3) * 4, 0);
    let written = URL_SAFE_NO_PAD.encode_slice(bytes, &mut text[start..]).unwrap_or_default();
    text.truncate(start + written);
}

fn write_files<N>(bytes: &mut Vec<u8>, log: &LogPosition<N>) {
    for place in [&log.begin, &log.seen] {
        bytes.extend(place.fingerprint.to_be_bytes());
        bytes.extend(place.offset.to_be_bytes());
    }
}

fn write_line_place(bytes: &mut Vec<u8>, line: &LinePlace) {
    bytes.extend(line.run.0.to_be_bytes());
    bytes.extend(line.time.to_be_bytes());
    bytes.extend(line.number.to_be_bytes());
    bytes.extend(line.checksum.to_be_bytes());
}

/// Texts are names: 253 bytes at most.
fn write_text(bytes: &mut Vec<u8>, text: &str) {
    bytes.push(text.len() as u8);
    bytes.extend_from_slice(text.as_bytes());
}

#[cfg(test)]
mod tests {
    use proptest::{collection::vec, option, prelude::*, sample::select};

    use super::*;
    use crate::{
        cursor::{Cursor, FilePosition, with_checksum},
        source::kubernetes::api::container_runs::RunId,
    };

    fn log() -> impl Strategy<Value = LogPosition> {
        let file = || any::<(u32, u64)>();
        let line = option::of(any::<(u32, i64, u32, u32)>());
        let levels = prop_oneof![Just(0), 0..64_u8];
        let names = select(vec!["a", "app", "side-car"]);
        (names, 0..2_u32, file(), file(), line, levels).prop_map(
            |(container, restart, begin, seen, line, levels)| {
                let place = |(fingerprint, offset)| FilePosition { fingerprint, offset };
                LogPosition {
                    container: container.parse().unwrap(),
                    restart,
                    begin: place(begin),
                    seen: place(seen),
                    line: line.map(|(run, time, number, checksum)| LinePlace {
                        run: RunId(run),
                        time,
                        number,
                        checksum,
                    }),
                    levels: LevelsBefore::from_byte(levels).unwrap(),
                }
            },
        )
    }

    fn cursor() -> impl Strategy<Value = Cursor> {
        let uid = select(vec!["1", "22", "5f0c2d3e-0000"]);
        (0..2_u32, uid, vec(log(), 0..4)).prop_map(|(pod, uid, logs)| Cursor {
            pod,
            uid: uid.parse().unwrap(),
            logs,
        })
    }

    /// The text, byte by byte as the format says.
    fn text_of(cursor: &Cursor) -> String {
        let is_of_files = cursor.logs.iter().any(|log| log.line.is_none());
        let has_levels = !is_of_files || cursor.logs.iter().any(|log| log.levels.to_byte() != 0);
        let name = |name: &str| [&[name.len() as u8], name.as_bytes()].concat();
        let mut bytes = vec![1 + u8::from(has_levels), if is_of_files { b'f' } else { b'k' }];
        bytes.extend(cursor.pod.to_be_bytes());
        bytes.extend(name(cursor.uid.as_str()));
        bytes.push(cursor.logs.len() as u8);
        for log in &cursor.logs {
            bytes.extend(name(log.container.as_str()));
            bytes.extend(log.restart.to_be_bytes());
            if is_of_files {
                bytes.extend(log.begin.fingerprint.to_be_bytes());
                bytes.extend(log.begin.offset.to_be_bytes());
                bytes.extend(log.seen.fingerprint.to_be_bytes());
                bytes.extend(log.seen.offset.to_be_bytes());
            } else {
                let line = log.line.unwrap();
                bytes.extend(line.run.0.to_be_bytes());
                bytes.extend(line.time.to_be_bytes());
                bytes.extend(line.number.to_be_bytes());
                bytes.extend(line.checksum.to_be_bytes());
            }
            if has_levels {
                bytes.push(log.levels.to_byte());
            }
        }
        with_checksum(bytes)
    }

    proptest! {
        #[test]
        fn a_text_does_not_depend_on_those_before(cursors in vec(cursor(), 1..6)) {
            let mut encoder = CursorEncoder::default();
            for Cursor { pod, uid, logs } in &cursors {
                let expected = text_of(&Cursor { pod: *pod, uid: uid.clone(), logs: logs.clone() });
                // As behind the lines of one log, and once more.
                for _ in 0..2 {
                    prop_assert_eq!(encoder.encode(*pod, uid, logs), Some(expected.as_str()));
                }
            }
        }
    }
}
