//! As much of Protocol Buffers as is needed to read a review, whose fields are texts or messages,
//! and to write a `Status` (`apimachinery/pkg/runtime/serializer/protobuf`).

use serde_json::Value;

/// Every object begins with it.
const MAGIC: &[u8] = b"k8s\0";

/// The fields of a message that are texts or messages themselves; the others are passed over.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Message<'a>(&'a [u8]);

impl<'a> Message<'a> {
    /// The object within its envelope (`runtime.Unknown`). `None` when there is none.
    pub(super) fn of_object(bytes: &'a [u8]) -> Option<Self> {
        Self(bytes.strip_prefix(MAGIC)?).message(2)
    }

    /// The last field of this number, as a message. `None` when the bytes are no message; an
    /// empty one when there is no such field.
    pub(super) fn message(self, number: u64) -> Option<Self> {
        Some(Self(self.field(number)?.unwrap_or_default()))
    }

    /// The last field of this number, as text: empty when there is none.
    pub(super) fn text(self, number: u64) -> Option<&'a str> {
        std::str::from_utf8(self.field(number)?.unwrap_or_default()).ok()
    }

    pub(super) fn has(self, number: u64) -> Option<bool> {
        Some(self.field(number)?.is_some())
    }

    fn field(self, wanted: u64) -> Option<Option<&'a [u8]>> {
        let (mut rest, mut found) = (self.0, None);
        while !rest.is_empty() {
            let tag = varint(&mut rest)?;
            let content = match tag & 7 {
                0 => varint(&mut rest).map(|_| &rest[..0])?,
                1 => take(&mut rest, 8)?,
                2 => {
                    let length = usize::try_from(varint(&mut rest)?).ok()?;
                    take(&mut rest, length)?
                }
                5 => take(&mut rest, 4)?,
                _ => return None,
            };
            if tag == wanted << 3 | 2 {
                found = Some(content);
            }
        }
        Some(found)
    }
}

fn take<'a>(rest: &mut &'a [u8], length: usize) -> Option<&'a [u8]> {
    let (taken, after) = rest.split_at_checked(length)?;
    *rest = after;
    Some(taken)
}

fn varint(rest: &mut &[u8]) -> Option<u64> {
    let mut value = 0;
    for index in 0..10 {
        let byte = take(rest, 1)?[0];
        value |= u64::from(byte & 0x7f) << (7 * index);
        if byte & 0x80 == 0 {
            return Some(value);
        }
    }
    None
}

/// A `Status`, with its empty fields, as the API server writes them.
pub(super) fn of_status(object: &Value) -> Vec<u8> {
    let mut status = Writer::default();
    status.bytes(1, &Writer::of_texts([(1, ""), (2, ""), (3, "")]));
    for (number, name) in [(2, "status"), (3, "message"), (4, "reason")] {
        status.bytes(number, text(object, name).as_bytes());
    }
    if let Some(details) = object.get("details") {
        status.bytes(5, &of_details(details));
    }
    status.number(6, &object["code"]);
    let mut envelope = Writer::default();
    let kind = [(1, text(object, "apiVersion")), (2, text(object, "kind"))];
    envelope.bytes(1, &Writer::of_texts(kind));
    envelope.bytes(2, &status.0);
    envelope.bytes(3, b"");
    envelope.bytes(4, b"");
    [MAGIC, &envelope.0].concat()
}

fn of_details(object: &Value) -> Vec<u8> {
    let mut details = Writer::default();
    for (number, name) in [(1, "name"), (2, "group"), (3, "kind")] {
        details.bytes(number, text(object, name).as_bytes());
    }
    for cause in object["causes"].as_array().into_iter().flatten() {
        let texts = [(1, "reason"), (2, "message"), (3, "field")];
        details
            .bytes(4, &Writer::of_texts(texts.map(|(number, name)| (number, text(cause, name)))));
    }
    details.number(5, &object["retryAfterSeconds"]);
    details.bytes(6, b"");
    details.0
}

fn text<'a>(object: &'a Value, name: &str) -> &'a str {
    object[name].as_str().unwrap_or_default()
}

/// Writes the fields of a message.
#[derive(Debug, Default)]
struct Writer(Vec<u8>);

impl Writer {
    fn of_texts<'a>(texts: impl IntoIterator<Item = (u64, &'a str)>) -> Vec<u8> {
        let mut writer = Self::default();
        texts.into_iter().for_each(|(number, text)| writer.bytes(number, text.as_bytes()));
        writer.0
    }

    fn bytes(&mut self, number: u64, bytes: &[u8]) {
        self.varint(number << 3 | 2);
        self.varint(bytes.len() as u64);
        self.0.extend_from_slice(bytes);
    }

    fn number(&mut self, number: u64, value: &Value) {
        self.varint(number << 3);
        self.varint(value.as_u64().unwrap_or_default());
    }

    fn varint(&mut self, mut value: u64) {
        while value > 0x7f {
            self.0.push(value as u8 | 0x80);
            value >>= 7;
        }
        self.0.push(value as u8);
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    #[test]
    fn fields_are_found_by_number() {
        // 1: varint 300, 2: "ab", 3: { 1: "c" }
        let bytes = b"\x08\xac\x02\x12\x02ab\x1a\x03\x0a\x01c";
        let message = Message(bytes);
        assert_eq!(message.text(2), Some("ab"));
        assert_eq!(message.message(3).unwrap().text(1), Some("c"));
        assert_eq!(message.text(9), Some(""));
        assert_eq!((message.has(3), message.has(4)), (Some(true), Some(false)));
    }

    #[test]
    fn what_is_cut_off_is_no_message() {
        for bytes in
            [&b"\x12\x05ab"[..], b"\x12", b"\x0f", b"\x12\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01"]
        {
            assert!(Message(bytes).text(2).is_none(), "{bytes:?}");
        }
    }

    #[test]
    fn a_status_is_written_as_recorded() {
        let status = json!({
            "kind": "Status",
            "apiVersion": "v1",
            "metadata": {},
            "status": "Failure",
            "message": "pods \"nope\" not found",
            "reason": "NotFound",
            "details": { "name": "nope", "kind": "pods" },
            "code": 404,
        });
        let recorded = b"k8s\0\n\x0c\n\x02v1\x12\x06Status\x12I\n\x06\n\0\x12\0\x1a\0\x12\x07Failure\x1a\x15pods \"nope\" not found\"\x08NotFound*\x12\n\x04nope\x12\0\x1a\x04pods(\x002\x000\x94\x03\x1a\0\"\0";
        assert_eq!(of_status(&status), recorded);
    }

    proptest! {
        #[test]
        fn any_bytes_are_judged_without_panic(bytes: Vec<u8>, number in 0_u64..9) {
            let _ = Message(&bytes).message(number);
        }
    }
}
