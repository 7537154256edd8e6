//! JSON bodies, read strictly: an object whose members each come once.

use std::{borrow::Cow, collections::BTreeMap, fmt};

use actix_web::http::StatusCode;
use serde::{
    Deserialize, Deserializer,
    de::{Error, MapAccess, Visitor},
};
use serde_json::Value;
use service_runtime::http::{Problem, Result};
use shared_types::{FaultySource, FieldFault};
use zeroize::Zeroizing;

/// The members of a JSON object. A handler takes the ones it knows; others are ignored.
#[derive(Default)]
pub(super) struct Members {
    values: BTreeMap<String, Value>,
    faults: Vec<FieldFault>,
}

impl Members {
    /// Reads a body.
    pub(super) fn parse(body: &[u8]) -> Result<Self> {
        let Unique(values) = serde_json::from_slice(body).map_err(|_| unreadable())?;
        Ok(Self { values, faults: Vec::new() })
    }

    /// Takes a text that may be absent. Anything else is a fault.
    pub(super) fn text(&mut self, name: &str) -> Option<Zeroizing<String>> {
        match self.values.remove(name)? {
            Value::String(text) => Some(Zeroizing::new(text)),
            _ => {
                self.refuse(name, "is no string");
                None
            }
        }
    }

    /// Takes a text. Its absence is a fault, and gives an empty one.
    pub(super) fn required_text(&mut self, name: &str) -> Zeroizing<String> {
        if !self.values.contains_key(name) {
            self.refuse(name, "is missing");
        }
        self.text(name).unwrap_or_default()
    }

    /// Takes a list of at least one and at most `max` texts. Anything else is a fault.
    pub(super) fn required_texts(&mut self, name: &str, max: usize) -> Vec<Zeroizing<String>> {
        let fault = match self.values.remove(name) {
            Some(Value::Array(items)) if (1..=max).contains(&items.len()) => {
                return self.texts_in(name, items);
            }
            Some(Value::Array(_)) => format!("does not have 1 to {max} items").into(),
            Some(_) => Cow::from("is no list"),
            None => Cow::from("is missing"),
        };
        self.refuse(name, fault);
        Vec::new()
    }

    fn texts_in(&mut self, name: &str, items: Vec<Value>) -> Vec<Zeroizing<String>> {
        let mut texts = Vec::with_capacity(items.len());
        for (at, item) in items.into_iter().enumerate() {
            match item {
                Value::String(text) => texts.push(Zeroizing::new(text)),
                _ => self.refuse(&format!("{name}/{at}"), "is no string"),
            }
        }
        texts
    }

    /// Takes a flag, which is false when it is absent. Anything else is a fault.
    pub(super) fn flag(&mut self, name: &str) -> bool {
        match self.values.remove(name) {
            None => false,
            Some(Value::Bool(flag)) => flag,
            Some(_) => {
                self.refuse(name, "is neither true nor false");
                false
            }
        }
    }

    /// Ends the reading: 422 when a value was refused.
    pub(super) fn finish(self) -> Result<()> {
        refuse(self.faults)
    }

    fn refuse(&mut self, name: &str, detail: impl Into<Cow<'static, str>>) {
        self.faults.push(fault_at(name, detail));
    }
}

/// A fault of a member of the body.
pub(super) fn fault_at(name: &str, detail: impl Into<Cow<'static, str>>) -> FieldFault {
    FieldFault { source: FaultySource::Pointer(format!("/{name}")), detail: detail.into() }
}

/// 422 when there is a fault.
pub(super) fn refuse(faults: Vec<FieldFault>) -> Result<()> {
    if faults.is_empty() {
        return Ok(());
    }
    let problem = Problem::new(
        StatusCode::UNPROCESSABLE_ENTITY,
        "invalid_value",
        "The body was understood, and something in it is refused.",
    );
    Err(problem.with_errors(faults))
}

/// Without the parser's words: they may quote the body.
fn unreadable() -> Problem {
    Problem::new(
        StatusCode::BAD_REQUEST,
        "bad_request",
        "The body is no JSON object whose members each come once.",
    )
}

/// A JSON object. Other readers keep the last of members of one name, or the first: who checked
/// a body then saw another one than who acts upon it.
struct Unique(BTreeMap<String, Value>);

impl<'de> Deserialize<'de> for Unique {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(UniqueVisitor)
    }
}

struct UniqueVisitor;

impl<'de> Visitor<'de> for UniqueVisitor {
    type Value = Unique;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Unique, A::Error> {
        let mut values = BTreeMap::new();
        while let Some((name, value)) = map.next_entry::<String, Value>()? {
            if values.insert(name, value).is_some() {
                return Err(A::Error::custom("a member comes twice"));
            }
        }
        Ok(Unique(values))
    }
}

#[cfg(test)]
mod tests {
    use actix_web::ResponseError;

    use super::*;

    #[test]
    fn what_is_no_object_or_repeats_itself_is_400() {
        for body in
            ["", "{", "null", "[]", "\"x\"", "{} {}", r#"{"a":1,"a":1}"#, r#"{"a":"\ud800"}"#]
        {
            let Err(problem) = Members::parse(body.as_bytes()) else {
                panic!("{body}");
            };
            assert_eq!(problem.status_code(), StatusCode::BAD_REQUEST, "{body}");
        }
    }

    #[test]
    fn members_are_taken_by_name_and_the_rest_is_ignored() {
        let mut members = Members::parse(br#"{"a":"x","b":true,"c":[1]}"#).unwrap();
        assert_eq!(members.required_text("a").as_str(), "x");
        assert_eq!(members.text("z"), None);
        assert!(members.flag("b"));
        assert!(!members.flag("z"));
        members.finish().unwrap();
    }

    #[test]
    fn a_list_of_texts_has_bounds() {
        let mut members =
            Members::parse(br#"{"a":["x","y"],"b":[],"c":["x",1,"y",null]}"#).unwrap();
        assert_eq!(members.required_texts("a", 2).len(), 2);
        assert!(members.faults.is_empty());
        for name in ["b", "c", "d"] {
            members.required_texts(name, 4);
        }
        let pointers: Vec<_> = members.faults.iter().map(|fault| &fault.source).collect();
        let expected = ["/b", "/c/1", "/c/3", "/d"].map(|at| FaultySource::Pointer(at.to_owned()));
        assert_eq!(pointers, expected.iter().collect::<Vec<_>>());
    }

    #[test]
    fn every_wrong_member_is_named() {
        let mut members = Members::parse(br#"{"a":1,"b":"true","c":null}"#).unwrap();
        members.required_text("a");
        members.flag("b");
        members.text("c");
        members.required_text("d");
        let pointers: Vec<_> = members.faults.iter().map(|fault| &fault.source).collect();
        let expected = ["/a", "/b", "/c", "/d"].map(|at| FaultySource::Pointer(at.to_owned()));
        assert_eq!(pointers, expected.iter().collect::<Vec<_>>());
        let problem = members.finish().unwrap_err();
        assert_eq!(problem.status_code(), StatusCode::UNPROCESSABLE_ENTITY);
    }
}
