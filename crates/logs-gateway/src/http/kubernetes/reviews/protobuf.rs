//! As much of Protocol Buffers as is needed to read a review, whose fields are texts or messages
//! (`apimachinery/pkg/runtime/serializer/protobuf`).

/// The first bytes of every object.
const MAGIC: &[u8] = b"k8s\0";

/// The bytes are not a message.
#[derive(Debug)]
pub(in crate::http::kubernetes) struct InvalidMessage;

/// The fields of a message that are texts or messages themselves; other fields are skipped.
#[derive(Debug, Clone, Copy, Default)]
pub(in crate::http::kubernetes) struct ProtobufMessage<'a>(&'a [u8]);

impl<'a> ProtobufMessage<'a> {
    /// The object within its envelope (`runtime.Unknown`). `None` when there is none.
    pub(in crate::http::kubernetes) fn of_object(bytes: &'a [u8]) -> Option<Self> {
        Self(bytes.strip_prefix(MAGIC)?).message(2)
    }

    /// The last field of this number, as a message. `None` when the bytes are no message; an
    /// empty one when the field is absent.
    pub(in crate::http::kubernetes) fn message(self, number: u64) -> Option<Self> {
        Some(Self(self.field(number)?.unwrap_or_default()))
    }

    /// The last field of this number, as text: empty when there is none.
    pub(in crate::http::kubernetes) fn text(self, number: u64) -> Option<&'a str> {
        std::str::from_utf8(self.field(number)?.unwrap_or_default()).ok()
    }

    pub(in crate::http::kubernetes) fn has(self, number: u64) -> Option<bool> {
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

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn fields_are_found_by_number() {
        // 1: varint 300, 2: "ab", 3: { 1: "c" }
        let bytes = b"\x08\xac\x02\x12\x02ab\x1a\x03\x0a\x01c";
        let message = ProtobufMessage(bytes);
        assert_eq!(message.text(2), Some("ab"));
        assert_eq!(message.message(3).unwrap().text(1), Some("c"));
        assert_eq!(message.text(9), Some(""));
        assert_eq!((message.has(3), message.has(4)), (Some(true), Some(false)));
    }

    #[test]
    fn a_truncated_message_is_invalid() {
        for bytes in
            [&b"\x12\x05ab"[..], b"\x12", b"\x0f", b"\x12\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01"]
        {
            assert!(ProtobufMessage(bytes).text(2).is_none(), "{bytes:?}");
        }
    }

    proptest! {
        #[test]
        fn any_bytes_are_judged_without_panic(bytes: Vec<u8>, number in 0_u64..9) {
            let _ = ProtobufMessage(&bytes).message(number);
        }
    }
}
