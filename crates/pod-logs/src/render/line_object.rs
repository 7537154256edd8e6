//! A line as an object.

use base64::{Engine, engine::general_purpose::STANDARD};

use super::{
    objects::{ForFront, write_json},
    text::write_json_string,
};
use crate::line::{
    level::Level,
    stream::OutputStream,
    target::{ContainerName, PodRef},
    time::LineTime,
};

/// A line and all that is known of it. An answer may have millions, so keys and names are copied as
/// they are, and only the message is looked through for characters to escape.
#[derive(Debug)]
pub(crate) struct LineObject<'a> {
    pub(crate) time: LineTime,
    /// `None` where the source cannot tell.
    pub(crate) stream: Option<OutputStream>,
    pub(crate) pod: &'a PodRef,
    pub(crate) container: &'a ContainerName,
    /// The content, which need not be UTF-8.
    pub(crate) message: &'a [u8],
    /// The line goes on in a later object.
    pub(crate) partial: bool,
    pub(crate) level: Option<Level>,
    /// What the patterns matched, in bytes of the message.
    pub(crate) hits: Vec<[usize; 2]>,
    /// It is there because of a line near it.
    pub(crate) context: bool,
    /// It comes after lines of other logs that have later times.
    pub(crate) late: bool,
    /// The text of a cursor behind the line.
    pub(crate) cursor: Option<&'a str>,
    /// What only a front is told.
    pub(crate) for_front: Option<ForFront>,
}

impl LineObject<'_> {
    /// Writes it as JSON on a line. Names, levels and cursors have no characters to escape.
    pub(crate) fn write(&self, out: &mut Vec<u8>) {
        self.write_origin(out);
        self.write_message(out);
        self.write_notes(out);
        if let Some(cursor) = self.cursor {
            out.extend_from_slice(br#","cursor":""#);
            out.extend_from_slice(cursor.as_bytes());
            out.push(b'"');
        }
        if let Some(for_front) = &self.for_front {
            write_members(for_front, out);
        }
        out.extend_from_slice(b"}\n");
    }

    /// When it was written, and by which container.
    fn write_origin(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(br#"{"time":""#);
        self.time.write_utc(out);
        out.extend_from_slice(match self.stream {
            None => br#"""#,
            Some(OutputStream::Stdout) => br#"","stream":"stdout""#,
            Some(OutputStream::Stderr) => br#"","stream":"stderr""#,
        });
        out.extend_from_slice(br#","namespace":""#);
        out.extend_from_slice(self.pod.namespace.as_str().as_bytes());
        out.extend_from_slice(br#"","pod":""#);
        out.extend_from_slice(self.pod.pod.as_str().as_bytes());
        out.extend_from_slice(br#"","container":""#);
        out.extend_from_slice(self.container.as_str().as_bytes());
        out.push(b'"');
    }

    fn write_message(&self, out: &mut Vec<u8>) {
        match str::from_utf8(self.message) {
            Ok(text) => {
                out.extend_from_slice(br#","message":"#);
                write_json_string(text, out);
            }
            Err(_) => {
                out.extend_from_slice(br#","message_base64":"#);
                write_json_string(&STANDARD.encode(self.message), out);
            }
        }
    }

    fn write_notes(&self, out: &mut Vec<u8>) {
        if self.partial {
            out.extend_from_slice(br#","partial":true"#);
        }
        if let Some(level) = self.level {
            out.extend_from_slice(br#","level":""#);
            out.extend_from_slice(level.name().as_bytes());
            out.push(b'"');
        }
        if !self.hits.is_empty() {
            out.extend_from_slice(br#","hits":"#);
            write_json(out, &self.hits);
        }
        if self.context {
            out.extend_from_slice(br#","context":true"#);
        }
        if self.late {
            out.extend_from_slice(br#","late":true"#);
        }
    }
}

/// Writes the members of an object behind others.
fn write_members(for_front: &ForFront, out: &mut Vec<u8>) {
    let start = out.len();
    write_json(out, for_front);
    // The members are between braces, if there are any.
    out.pop();
    if out.len() == start + 1 {
        out.truncate(start);
    } else {
        out[start] = b',';
    }
}

#[cfg(test)]
mod tests {
    use proptest::{option, prelude::*};
    use serde_json::json;

    use super::*;
    use crate::line::target::LogName;

    /// What the object is read as.
    fn read(object: &LineObject<'_>) -> serde_json::Value {
        let mut out = Vec::new();
        object.write(&mut out);
        assert_eq!(out.pop(), Some(b'\n'));
        assert!(!out.contains(&b'\n'));
        serde_json::from_slice(&out).unwrap()
    }

    fn object_of<'a>(name: &'a LogName, message: &'a [u8]) -> LineObject<'a> {
        LineObject {
            time: LineTime::parse(b"2026-11-01T10:00:00.5+02:00").unwrap(),
            stream: None,
            pod: &name.pod,
            container: &name.container,
            message,
            partial: false,
            level: None,
            hits: Vec::new(),
            context: false,
            late: false,
            cursor: None,
            for_front: None,
        }
    }

    proptest! {
        #[test]
        fn an_object_is_read_as_what_it_tells(
            message in prop_oneof![
                any::<String>().prop_map(String::into_bytes),
                any::<Vec<u8>>(),
                "[ -~]{0,600}".prop_map(String::into_bytes),
            ],
            flags: [bool; 4],
            level in option::of(0..Level::ALL.len()),
            hits: Vec<[usize; 2]>,
            masked in 0..3_u64,
        ) {
            let name = LogName::sample("web-0", "app");
            let [partial, context, late, has_cursor] = flags;
            let level = level.map(|number| Level::ALL[number]);
            let front = ForFront { masked, ..ForFront::default() };
            let object = LineObject {
                stream: Some(OutputStream::Stderr),
                partial,
                level,
                hits: hits.clone(),
                context,
                late,
                cursor: has_cursor.then_some("AQ_-"),
                for_front: Some(front),
                ..object_of(&name, &message)
            };
            let mut expected = json!({
                "time": "2026-11-01T08:00:00.500000000Z",
                "stream": "stderr",
                "namespace": "shop",
                "pod": "web-0",
                "container": "app",
            });
            let text = str::from_utf8(&message).ok();
            let optional = [
                ("message", text.map(|text| json!(text))),
                ("message_base64", text.is_none().then(|| json!(STANDARD.encode(&message)))),
                ("partial", partial.then_some(json!(true))),
                ("level", level.map(|level| json!(level))),
                ("hits", (!hits.is_empty()).then(|| json!(hits))),
                ("context", context.then_some(json!(true))),
                ("late", late.then_some(json!(true))),
                ("cursor", has_cursor.then(|| json!("AQ_-"))),
                ("masked", (masked > 0).then(|| json!(masked))),
            ];
            for (key, value) in optional {
                if let Some(value) = value {
                    expected[key] = value;
                }
            }
            prop_assert_eq!(read(&object), expected);
        }
    }

    #[test]
    fn content_that_is_not_utf_8_is_in_base64() {
        let name = LogName::sample("web-0", "app");
        let expected = json!({
            "time": "2026-11-01T08:00:00.500000000Z",
            "namespace": "shop",
            "pod": "web-0",
            "container": "app",
            "message_base64": "/2E=",
        });
        assert_eq!(read(&object_of(&name, b"\xffa")), expected);
    }

    #[test]
    fn members_have_one_order() {
        let name = LogName::sample("web-0", "app");
        let front = ForFront {
            stamp: Some("2026-11-01T10:00:00.500000000+02:00".to_owned()),
            uid: Some("1".to_owned()),
            continued: true,
            unfinished: true,
            masked: 2,
        };
        let object = LineObject {
            stream: Some(OutputStream::Stdout),
            partial: true,
            level: Some(Level::Warn),
            hits: vec![[0, 1], [2, 3]],
            context: true,
            late: true,
            cursor: Some("AQ_-"),
            for_front: Some(front),
            ..object_of(&name, b"a \"b\"")
        };
        let mut out = Vec::new();
        object.write(&mut out);
        let expected = concat!(
            r#"{"time":"2026-11-01T08:00:00.500000000Z","stream":"stdout","namespace":"shop","#,
            r#""pod":"web-0","container":"app","message":"a \"b\"","partial":true,"level":"warn","#,
            r#""hits":[[0,1],[2,3]],"context":true,"late":true,"cursor":"AQ_-","#,
            r#""stamp":"2026-11-01T10:00:00.500000000+02:00","uid":"1","continued":true,"#,
            r#""unfinished":true,"masked":2}"#,
            "\n",
        );
        assert_eq!(String::from_utf8(out).unwrap(), expected);
    }
}
