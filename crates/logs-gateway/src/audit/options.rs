//! The options of a read that were set.

use serde::{Serialize, Serializer, ser::SerializeMap};
use url::form_urlencoded;

use super::read_request::bounded;

/// The parameters that choose lines or how they are written. Those that name the log have fields of
/// their own in a record.
const OPTIONS: [&str; 26] = [
    "after",
    "before",
    "context",
    "download",
    "exclude",
    "follow",
    "grep",
    "history",
    "labelSelector",
    "level",
    "limitBytes",
    "limitLines",
    "prefix",
    "previous",
    "run",
    "since",
    "sinceSeconds",
    "sinceTime",
    "stream",
    "tail",
    "tailLines",
    "timestamps",
    "until",
    "untilTime",
    "upto",
    "volume",
];
/// How many are recorded at most.
const MAX_OPTIONS: usize = 64;

/// The options that were set, as they were written, masked and bounded. In JSON an object; an
/// option that was given several times is a list.
#[derive(Debug, Clone, Default)]
pub(crate) struct ReadOptions(Vec<(&'static str, String)>);

impl ReadOptions {
    /// Those of this query string. `last_event` is a cursor that counts as `after`.
    pub(crate) fn of(query: &str, last_event: Option<&str>) -> Self {
        if query.is_empty() && last_event.is_none() {
            return Self::default();
        }
        let given = form_urlencoded::parse(query.as_bytes()).filter_map(|(name, value)| {
            let known = OPTIONS.binary_search(&&*name).ok()?;
            Some((OPTIONS[known], bounded(value.as_bytes())))
        });
        let resumed = last_event.map(|cursor| ("after", bounded(cursor.as_bytes())));
        let mut options: Vec<_> = resumed.into_iter().chain(given).take(MAX_OPTIONS).collect();
        options.sort_by_key(|(name, _)| *name);
        Self(options)
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl Serialize for ReadOptions {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        for same in self.0.chunk_by(|one, other| one.0 == other.0) {
            match same {
                [(name, value)] => map.serialize_entry(name, value)?,
                several => {
                    let values: Vec<_> = several.iter().map(|(_, value)| value).collect();
                    map.serialize_entry(several[0].0, &values)?;
                }
            }
        }
        map.end()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;
    use shared_types::{TokenKind, encode_token};

    use super::*;

    #[track_caller]
    fn check(query: &str, last_event: Option<&str>, expected: &serde_json::Value) {
        let options = serde_json::to_value(ReadOptions::of(query, last_event)).unwrap();
        assert_eq!(options, *expected, "{query}");
    }

    #[test]
    fn options_are_found_by_their_names() {
        assert!(OPTIONS.is_sorted());
    }

    #[test]
    fn only_what_was_set_is_told() {
        check("", None, &json!({}));
        check("namespace=shop&container=app&uid=1", None, &json!({}));
        check("tailLines=5&follow", None, &json!({"tailLines": "5", "follow": ""}));
        check("grep=a+b&x=1&grep=%63", None, &json!({"grep": ["a b", "c"]}));
        check("follow=true", Some("c-1"), &json!({"follow": "true", "after": "c-1"}));
    }

    #[test]
    fn a_token_in_an_option_is_masked() {
        let token = encode_token(TokenKind::ApiKey, &[7; 32]);
        let query = format!("grep=x%20{}", token.replace('_', "%5f"));
        check(&query, None, &json!({"grep": format!("x ssok_{}", "*".repeat(50))}));
    }

    #[test]
    fn the_number_of_options_is_bounded() {
        let options = ReadOptions::of(&"grep=a&".repeat(1000), None);
        assert_eq!(options.0.len(), MAX_OPTIONS);
    }
}
