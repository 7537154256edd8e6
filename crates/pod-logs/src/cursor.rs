//! How far a log was read, as an opaque text that the client keeps.
//!
//! A cursor names files by their run and the fingerprint of their first line, which they keep when
//! they are rotated and compressed. It is not a secret and permits nothing: the caller's permission
//! is checked for the pod in the URL. The checksum detects a cursor that was cut off or mistyped.
//!
//! ```text
//! base64url( version, source, pod, uid, number of logs, logs…, crc32 )
//! log = container, restart, begin, seen[, levels]    begin, seen = fingerprint, offset
//!     | container, restart, run, time, number, checksum, levels    of an API server
//! ```
//!
//! The first log is that of the line which the cursor came with. Numbers are big-endian, and texts
//! have their length in front.

pub(crate) mod cursor_encoder;
mod cursor_reader;
pub(crate) mod log_key;
pub(crate) mod merged_cursor;
#[cfg(test)]
mod merged_cursor_tests;

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};

use self::{cursor_encoder::CursorEncoder, cursor_reader::CursorReader};
use crate::{
    line::{
        filter::levels_before::LevelsBefore,
        target::{ContainerName, PodRef, PodUid},
    },
    source::kubernetes::feed::line_place::LinePlace,
};

/// Without levels.
const VERSION: u8 = 1;
/// With the levels of the lines before, a byte a log.
const VERSION_WITH_LEVELS: u8 = 2;
/// Logs from the files of a node.
const SOURCE_FILES: u8 = b'f';
/// Logs from an API server.
const SOURCE_KUBERNETES: u8 = b'k';
/// The longest cursor that is looked at, in bytes of its text.
const MAX_TEXT_BYTES: usize = 4096;

/// How far a pod's logs were read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cursor {
    /// A checksum of the pod's namespace and name.
    pub pod: u32,
    /// The incarnation of the pod.
    pub uid: PodUid,
    /// A position for each container that was read. The first one is behind the line that the
    /// cursor came with, and the others are behind what was given out before it.
    pub logs: Vec<LogPosition>,
}

/// How far a container's log was read. A cursor that is read owns the names of its containers; one
/// that is written behind each line borrows them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogPosition<N = ContainerName> {
    /// The container whose log it is.
    pub container: N,
    /// The run of the container, as its files are named.
    pub restart: u32,
    /// Where to begin: the oldest line that was not finished begins there.
    pub begin: FilePosition,
    /// Lines that end up to here have been given out.
    pub seen: FilePosition,
    /// The last line, if the log is one of an API server. It has no files then.
    pub line: Option<LinePlace>,
    /// The levels of the lines up to there, which a line that continues them has.
    pub levels: LevelsBefore,
}

impl<N> LogPosition<N> {
    /// Behind a line of a run in the log of an API server.
    pub(crate) fn at_line(
        container: N,
        restart: u32,
        line: LinePlace,
        levels: LevelsBefore,
    ) -> Self {
        let unknown = FilePosition { fingerprint: 0, offset: 0 };
        Self { container, restart, begin: unknown, seen: unknown, line: Some(line), levels }
    }

    /// Whether nothing was read of the run.
    pub(crate) fn is_at_beginning(&self) -> bool {
        !self.is_known() && self.seen.offset == 0
    }

    /// Whether its files, or its line, can be recognised.
    pub(crate) fn is_known(&self) -> bool {
        self.line.is_some() || self.begin.fingerprint != 0 && self.seen.fingerprint != 0
    }
}

/// A place by the fingerprint of its file, which files keep when they are renamed or compressed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FilePosition {
    /// Of the file's first line.
    pub fingerprint: u32,
    /// In bytes of the file's content.
    pub offset: u64,
}

/// The text is not a cursor of this service, or not a whole one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("must be a cursor issued by this service")]
pub struct InvalidCursor;

impl Cursor {
    /// The checksum of a pod's namespace and name.
    pub fn pod_checksum(pod: &PodRef) -> u32 {
        let mut checksum = crc32fast::Hasher::new();
        for part in [pod.namespace.as_str(), "/", pod.pod.as_str()] {
            checksum.update(part.as_bytes());
        }
        checksum.finalize()
    }

    /// Whether the line that the cursor came with is of this container.
    pub(crate) fn is_of(&self, container: &ContainerName) -> bool {
        self.logs.first().is_some_and(|log| log.container == *container)
    }

    /// The position in the log of this container.
    pub(crate) fn position_in(&self, container: &ContainerName) -> Option<&LogPosition> {
        self.logs.iter().find(|log| log.container == *container)
    }

    /// Encodes it. `None` if it has so many logs that the text would be too long to be accepted.
    pub fn encode(&self) -> Option<String> {
        CursorEncoder::default().encode(self.pod, &self.uid, &self.logs).map(str::to_owned)
    }

    /// Reads the text of a cursor.
    ///
    /// # Errors
    /// When the text is not a cursor of this service, or was cut off or changed.
    pub fn decode(text: &str) -> Result<Self, InvalidCursor> {
        Self::read(text).ok_or(InvalidCursor)
    }

    fn read(text: &str) -> Option<Self> {
        if text.len() > MAX_TEXT_BYTES {
            return None;
        }
        let bytes = URL_SAFE_NO_PAD.decode(text).ok()?;
        let (content, checksum) = bytes.split_last_chunk::<4>()?;
        if crc32fast::hash(content) != u32::from_be_bytes(*checksum) {
            return None;
        }
        let mut rest = CursorReader::new(content);
        let read_log: fn(&mut CursorReader<'_>) -> Option<LogPosition> = match rest.array()? {
            [VERSION, SOURCE_FILES] => |rest| rest.log(false),
            [VERSION_WITH_LEVELS, SOURCE_FILES] => |rest| rest.log(true),
            [VERSION_WITH_LEVELS, SOURCE_KUBERNETES] => |rest| rest.log_at_line(),
            _ => return None,
        };
        let pod = u32::from_be_bytes(rest.array()?);
        let uid = rest.text()?.parse().ok()?;
        let [count] = rest.array()?;
        let logs = (0..count).map(|_| read_log(&mut rest)).collect::<Option<Vec<_>>>()?;
        (rest.is_empty() && !logs.is_empty()).then_some(Self { pod, uid, logs })
    }
}

/// A cursor's content as its text.
fn with_checksum(mut content: Vec<u8>) -> String {
    let checksum = crc32fast::hash(&content);
    content.extend(checksum.to_be_bytes());
    URL_SAFE_NO_PAD.encode(content)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn cursor(begin: (u32, u64), seen: (u32, u64)) -> Cursor {
        let place = |(fingerprint, offset)| FilePosition { fingerprint, offset };
        let log = LogPosition {
            container: "app".parse().unwrap(),
            restart: 7,
            begin: place(begin),
            seen: place(seen),
            line: None,
            levels: LevelsBefore::default(),
        };
        let other = LogPosition { container: "sidecar".parse().unwrap(), ..log.clone() };
        Cursor { pod: 5, uid: "5f0c-1".parse().unwrap(), logs: vec![log, other] }
    }

    #[test]
    fn an_undecodable_cursor_is_not_issued() {
        let mut cursor = cursor((1, 2), (3, 4));
        let log = cursor.logs[0].clone();
        for count in 1..=300 {
            cursor.logs = vec![log.clone(); count];
            let text = cursor.encode();
            assert!(text.is_none_or(|text| Cursor::decode(&text).is_ok()), "{count}");
            assert_eq!(cursor.encode().is_some(), count <= 95, "{count}");
        }
    }

    #[test]
    fn a_cursor_has_at_most_4096_characters() {
        let mut cursor = cursor((1, 2), (3, 4));
        cursor.logs = vec![cursor.logs[0].clone(); 95];
        let mut with_longer_name = |bytes: usize| {
            cursor.logs[0].container = "a".repeat(bytes).parse().unwrap();
            (cursor.encode(), cursor.clone())
        };
        let (text, longest) = with_longer_name(17);
        let text = text.unwrap();
        assert_eq!(text.len(), 4096);
        assert_eq!(Cursor::decode(&text), Ok(longest));
        assert_eq!(with_longer_name(18).0, None);
        assert_eq!(Cursor::decode(&"A".repeat(4097)), Err(InvalidCursor));
    }

    #[test]
    fn a_right_checksum_does_not_make_a_cursor() {
        let text = cursor((1, 2), (3, 4)).encode().unwrap();
        let bytes = URL_SAFE_NO_PAD.decode(text).unwrap();
        let content = &bytes[..bytes.len() - 4];
        let decode = |content: &[u8]| Cursor::decode(&with_checksum(content.to_vec()));
        decode(content).unwrap();
        decode(&[content, &[0][..]].concat()).unwrap_err();
        decode(&content[..content.len() - 1]).unwrap_err();
        for at in 0..2 {
            let mut other_version = content.to_vec();
            other_version[at] += 2;
            decode(&other_version).unwrap_err();
        }
        let mut without_logs = cursor((1, 2), (3, 4));
        without_logs.logs.clear();
        assert_eq!(Cursor::decode(&without_logs.encode().unwrap()), Err(InvalidCursor));
    }

    #[test]
    fn a_cursor_belongs_to_a_pod_and_its_first_log_to_the_line() {
        let pod = PodRef { namespace: "shop".parse().unwrap(), pod: "web-0".parse().unwrap() };
        assert_eq!(Cursor::pod_checksum(&pod), 0x00bc_ee6d);
        let cursor = cursor((1, 2), (3, 4));
        let [app, sidecar, other] = ["app", "sidecar", "other"].map(|name| name.parse().unwrap());
        assert!(cursor.is_of(&app));
        assert!(!cursor.is_of(&sidecar));
        assert_eq!(cursor.position_in(&app), Some(&cursor.logs[0]));
        assert_eq!(cursor.position_in(&sidecar), Some(&cursor.logs[1]));
        assert_eq!(cursor.position_in(&other), None);
    }

    proptest! {
        #[test]
        fn a_cursor_decodes_to_its_original(
            begin: (u32, u64), seen: (u32, u64), levels in 0_u8..64,
        ) {
            let mut cursor = cursor(begin, seen);
            cursor.logs[1].levels = LevelsBefore::from_byte(levels).unwrap();
            prop_assert_eq!(Cursor::decode(&cursor.encode().unwrap()), Ok(cursor));
        }

        #[test]
        fn a_changed_cursor_is_refused(at in 0_usize..100, with in "[A-Za-z0-9_-]") {
            let text = cursor((1, 2), (3, 4)).encode().unwrap();
            let mut changed = text.clone();
            let at = at % text.len();
            changed.replace_range(at..=at, &with);
            prop_assert_eq!(Cursor::decode(&changed).is_ok(), changed == text);
        }

        #[test]
        fn any_text_is_judged_without_panic(text: String, bytes: Vec<u8>) {
            let _ = Cursor::decode(&text);
            let _ = Cursor::decode(&with_checksum(bytes));
        }
    }
}
