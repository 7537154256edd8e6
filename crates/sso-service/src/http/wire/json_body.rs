//! JSON bodies, read strictly: an object whose members each come once.

use std::{borrow::Cow, collections::BTreeMap, fmt, mem, str::FromStr};

use actix_web::{HttpRequest, http::StatusCode, web::Payload};
use serde::{
    Deserialize, Deserializer,
    de::{Error, MapAccess, Visitor},
};
use serde_json::Value;
use service_runtime::http::{
    ContentType, Problem, Query, Result, content_type, read_body, unsupported_media_type,
};
use shared_types::{FaultySource, FieldFault};
use zeroize::Zeroizing;

/// The members of a JSON object. A handler takes the ones it knows; others are ignored.
#[derive(Default)]
pub(in crate::http) struct Members {
    values: BTreeMap<String, Value>,
    faults: Vec<FieldFault>,
}

impl Members {
    /// Reads a body.
    pub(in crate::http) fn parse(body: &[u8]) -> Result<Self> {
        let Unique(values) = serde_json::from_slice(body).map_err(|_| unreadable())?;
        Ok(Self { values, faults: Vec::new() })
    }

    /// Takes a text that may be absent. Anything else is a fault.
    pub(in crate::http) fn text(&mut self, name: &str) -> Option<Zeroizing<String>> {
        match self.values.remove(name)? {
            Value::String(text) => Some(Zeroizing::new(text)),
            _ => {
                self.refuse(name, "is no string");
                None
            }
        }
    }

    /// Takes a text. Its absence is a fault, and gives an empty one.
    pub(in crate::http) fn required_text(&mut self, name: &str) -> Zeroizing<String> {
        if !self.values.contains_key(name) {
            self.refuse(name, "is missing");
        }
        self.text(name).unwrap_or_default()
    }

    /// Takes a text that may be absent or null, which says that there is none.
    pub(in crate::http) fn text_or_null(
        &mut self,
        name: &str,
    ) -> Option<Option<Zeroizing<String>>> {
        if self.values.get(name).is_some_and(Value::is_null) {
            self.values.remove(name);
            return Some(None);
        }
        self.text(name).map(Some)
    }

    /// Takes a value that is spelled as a text. `None` is its absence, or a fault.
    pub(in crate::http) fn required<T>(&mut self, name: &str) -> Option<T>
    where
        T: FromStr<Err: fmt::Display>,
    {
        if !self.values.contains_key(name) {
            self.refuse(name, "is missing");
        }
        let text = self.text(name)?;
        self.parse_at(name, &text)
    }

    /// Takes the text of a value that may be absent or null.
    pub(in crate::http) fn value_or_null<T>(&mut self, name: &str) -> Option<Option<T>>
    where
        T: FromStr<Err: fmt::Display>,
    {
        match self.text_or_null(name)? {
            Some(text) => self.parse_at(name, &text).map(Some),
            None => Some(None),
        }
    }

    /// Takes a list of values that are spelled as texts. What is at fault in it is left out.
    pub(in crate::http) fn values<T>(&mut self, name: &str) -> Option<Vec<T>>
    where
        T: FromStr<Err: fmt::Display>,
    {
        let Value::Array(items) = self.values.remove(name)? else {
            self.refuse(name, "is no list");
            return None;
        };
        let mut values = Vec::with_capacity(items.len());
        for (at, item) in items.into_iter().enumerate() {
            let name = format!("{name}/{at}");
            match item {
                Value::String(text) => values.extend(self.parse_at(&name, &text)),
                _ => self.refuse(&name, "is no string"),
            }
        }
        Some(values)
    }

    /// Takes a list whose absence is a fault.
    pub(in crate::http) fn required_values<T>(&mut self, name: &str) -> Option<Vec<T>>
    where
        T: FromStr<Err: fmt::Display>,
    {
        if !self.values.contains_key(name) {
            self.refuse(name, "is missing");
        }
        self.values(name)
    }

    fn parse_at<T>(&mut self, name: &str, text: &str) -> Option<T>
    where
        T: FromStr<Err: fmt::Display>,
    {
        text.parse().map_err(|fault: T::Err| self.refuse(name, fault.to_string())).ok()
    }

    /// Takes a list of at least one and at most `max` texts. Anything else is a fault.
    pub(in crate::http) fn required_texts(
        &mut self,
        name: &str,
        max: usize,
    ) -> Vec<Zeroizing<String>> {
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

    /// Takes a flag that may be absent. Anything else is a fault.
    pub(in crate::http) fn optional_flag(&mut self, name: &str) -> Option<bool> {
        self.values.contains_key(name).then(|| self.flag(name))
    }

    /// Takes a flag, which is false when it is absent. Anything else is a fault.
    pub(in crate::http) fn flag(&mut self, name: &str) -> bool {
        match self.values.remove(name) {
            None => false,
            Some(Value::Bool(flag)) => flag,
            Some(_) => {
                self.refuse(name, "is neither true nor false");
                false
            }
        }
    }

    /// Whether there is a member of this name that was not taken yet.
    pub(in crate::http) fn contains(&self, name: &str) -> bool {
        self.values.contains_key(name)
    }

    /// Notes that what came in the path is refused.
    pub(in crate::http) fn refuse_parameter(
        &mut self,
        name: &str,
        detail: impl Into<Cow<'static, str>>,
    ) {
        let source = FaultySource::Parameter(name.to_owned());
        self.faults.push(FieldFault { source, detail: detail.into() });
    }

    /// Ends the reading: 422 when a value was refused.
    pub(in crate::http) fn finish(self) -> Result<()> {
        refuse(self.faults)
    }

    /// Ends the reading and gives what was read: 422 when a value was refused, which is why there
    /// may be nothing to give.
    pub(in crate::http) fn finish_with<T>(self, value: Option<T>) -> Result<T> {
        refuse(self.faults)?;
        value.ok_or_else(|| Problem::internal("nothing was refused, and nothing was given"))
    }

    /// Ends the reading of what is to be exactly this: 400 when there is anything else, since who
    /// misspells a member would have something else done than was meant. Else as
    /// [`Members::finish_with`].
    pub(in crate::http) fn finish_exactly<T>(mut self, value: Option<T>) -> Result<T> {
        let unknown = mem::take(&mut self.values);
        if !unknown.is_empty() {
            let faults = unknown.keys().map(|name| fault_at(name, "is not known here")).collect();
            return Err(unknown_members().with_errors(faults));
        }
        self.finish_with(value)
    }

    fn refuse(&mut self, name: &str, detail: impl Into<Cow<'static, str>>) {
        self.faults.push(fault_at(name, detail));
    }
}

/// The members of the body of a request without a query.
pub(in crate::http) async fn members_of(request: &HttpRequest, body: Payload) -> Result<Members> {
    Query::parse(request.query_string()).finish()?;
    parse_json(request, &read_body(body).await?)
}

/// The members of a body that there need not be. An empty one is none, whatever its type.
pub(in crate::http) async fn members_if_any(
    request: &HttpRequest,
    body: Payload,
) -> Result<Option<Members>> {
    let body = read_body(body).await?;
    if body.is_empty() { Ok(None) } else { parse_json(request, &body).map(Some) }
}

fn parse_json(request: &HttpRequest, body: &[u8]) -> Result<Members> {
    if content_type(request)? != Some(ContentType::Json) {
        return Err(unsupported_media_type());
    }
    Members::parse(body)
}

fn unknown_members() -> Problem {
    Problem::new(
        StatusCode::BAD_REQUEST,
        "bad_request",
        "The body holds members that are not known here.",
    )
}

/// A fault of a member of the body.
pub(in crate::http) fn fault_at(name: &str, detail: impl Into<Cow<'static, str>>) -> FieldFault {
    FieldFault { source: FaultySource::Pointer(format!("/{name}")), detail: detail.into() }
}

/// 422 when there is a fault.
pub(in crate::http) fn refuse(faults: Vec<FieldFault>) -> Result<()> {
    if faults.is_empty() {
        return Ok(());
    }
    Err(refused("invalid_value", faults))
}

/// 422, for these faults.
pub(in crate::http) fn refused(code: &'static str, faults: Vec<FieldFault>) -> Problem {
    Problem::new(
        StatusCode::UNPROCESSABLE_ENTITY,
        code,
        "The body was understood, and something in it is refused.",
    )
    .with_errors(faults)
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
