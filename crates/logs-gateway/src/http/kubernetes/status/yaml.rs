//! As much of YAML as is needed to write a `Status`, as `sigs.k8s.io/yaml` would.

use std::fmt::Write;

use serde_json::{Map, Value};

/// The object as a document: its keys in order, its texts plain where they can be.
pub(in crate::http::kubernetes) fn document(object: &Value) -> String {
    let mut out = String::new();
    write_value(object, 0, &mut out);
    out
}

/// Behind a key, or at the beginning.
fn write_value(value: &Value, depth: usize, out: &mut String) {
    match value {
        Value::Object(fields) if fields.is_empty() => out.push_str("{}\n"),
        Value::Object(fields) => write_fields(fields, depth, out),
        Value::Array(items) => {
            for item in items {
                let _ = write!(out, "{:depth$}- ", "");
                let mut fields = String::new();
                write_value(item, depth + 2, &mut fields);
                out.push_str(fields.trim_start());
            }
        }
        Value::String(text) if is_plain(text) => out.extend([text, "\n"]),
        // What JSON writes is YAML, too.
        value => {
            let _ = writeln!(out, "{value}");
        }
    }
}

fn write_fields(fields: &Map<String, Value>, depth: usize, out: &mut String) {
    for (key, value) in fields {
        let _ = write!(out, "{:depth$}{key}:", "");
        let (separator, depth) = match value {
            Value::Object(fields) if !fields.is_empty() => ('\n', depth + 2),
            Value::Array(_) => ('\n', depth),
            _ => (' ', depth),
        };
        out.push(separator);
        write_value(value, depth, out);
    }
}

/// Whether nobody could take the text for anything else.
fn is_plain(text: &str) -> bool {
    const OTHERS: [&str; 9] = ["true", "false", "yes", "no", "on", "off", "null", "y", "n"];
    text.starts_with(|first: char| first.is_ascii_alphabetic())
        && !text.ends_with([' ', ':'])
        && !text.contains(": ")
        && !text.contains(" #")
        && text.bytes().all(|byte| matches!(byte, b' '..=b'~'))
        && !OTHERS.iter().any(|other| text.eq_ignore_ascii_case(other))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn objects_and_lists_are_blocks() {
        let object = json!({
            "code": 422,
            "details": { "causes": [{ "field": "a", "reason": "b" }, { "field": "[]" }], "name": "web" },
            "metadata": {},
            "status": "Failure",
        });
        let expected = "code: 422\ndetails:\n  causes:\n  - field: a\n    reason: b\n  - field: \"[]\"\n  name: web\nmetadata: {}\nstatus: Failure\n";
        assert_eq!(document(&object), expected);
    }

    #[test]
    fn what_could_be_taken_for_something_else_is_quoted() {
        for plain in ["pods \"nope\" not found", "a:b", "container c is not valid"] {
            assert_eq!(document(&json!(plain)), format!("{plain}\n"));
        }
        for other in
            ["", "1", "true", "No", "a: b", "a #b", "- a", "a:", "ä", "a\nb", "\"a\"", "{}"]
        {
            assert_eq!(document(&json!(other)), format!("{}\n", json!(other)));
        }
    }
}
