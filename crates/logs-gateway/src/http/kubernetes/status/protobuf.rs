//! As much of Protocol Buffers as is needed to write a `Status`
//! (`apimachinery/pkg/runtime/serializer/protobuf`).

use serde_json::Value;

/// Every object begins with it.
const MAGIC: &[u8] = b"k8s\0";

/// A `Status`, with its empty fields, as the API server writes them.
pub(in crate::http::kubernetes) fn of_status(object: &Value) -> Vec<u8> {
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
    use serde_json::json;

    use super::*;

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
}
