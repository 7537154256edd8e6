//! Query strings, read strictly: every parameter is known, and only those that may be repeated
//! come twice.

use std::{
    borrow::Cow,
    collections::{BTreeMap, BTreeSet},
    mem,
};

use actix_web::http::StatusCode;
use percent_encoding::percent_decode_str;
use shared_types::{FaultySource, FieldFault};

use super::{Problem, Result};
use crate::problem::MAX_FAULTS;

/// The parameters of a query string. A handler takes the ones it knows; [`Query::finish`] refuses
/// what is left.
#[derive(Debug, Default)]
pub struct Query {
    values: BTreeMap<String, Vec<String>>,
    /// Given more than once, and not taken as a list.
    repeated: BTreeSet<String>,
    faults: InputFaults,
}

impl Query {
    /// Splits and decodes a query string (`application/x-www-form-urlencoded`). `+` is a blank.
    #[must_use]
    pub fn parse(query: &str) -> Self {
        let mut parsed = Self::default();
        for pair in query.split('&').filter(|pair| !pair.is_empty()) {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            let Some(name) = decode(name) else {
                parsed.faults.unreadable("", "the query holds a name that is not UTF-8");
                continue;
            };
            let Some(value) = decode(value) else {
                parsed.faults.unreadable(&name, "is not UTF-8");
                continue;
            };
            if parsed.values.contains_key(&name) {
                parsed.repeated.insert(name.clone());
            }
            parsed.values.entry(name).or_default().push(value);
        }
        parsed
    }

    /// Takes a parameter.
    pub fn take(&mut self, name: &str) -> Option<String> {
        self.values.remove(name)?.pop()
    }

    /// Takes all values of a parameter that may be repeated, in their order.
    pub fn take_all(&mut self, name: &str) -> Vec<String> {
        self.repeated.remove(name);
        self.values.remove(name).unwrap_or_default()
    }

    /// Takes a parameter and parses it; a value that does not parse is a fault (400).
    pub fn get<T>(
        &mut self,
        name: &str,
        parse: impl FnOnce(&str) -> std::result::Result<T, &'static str>,
    ) -> Option<T> {
        let value = self.take(name)?;
        parse(&value).map_err(|fault| self.faults.unreadable(name, fault)).ok()
    }

    /// Takes a parameter if it parses; else it is left.
    pub fn take_if<T>(&mut self, name: &str, parse: impl FnOnce(&str) -> Option<T>) -> Option<T> {
        let parsed = parse(self.values.get(name)?.last()?)?;
        self.values.remove(name);
        Some(parsed)
    }

    /// Whether the parameter is given and not taken yet.
    #[must_use]
    pub fn has(&self, name: &str) -> bool {
        self.values.contains_key(name)
    }

    /// Where further faults are recorded.
    pub fn faults(&mut self) -> &mut InputFaults {
        &mut self.faults
    }

    /// Ends the reading.
    ///
    /// # Errors
    /// 400 when a parameter is unknown, repeated or cannot be parsed, else 422 when a value is
    /// refused.
    pub fn finish(mut self) -> Result<()> {
        self.note_repeated();
        for name in self.values.into_keys() {
            self.faults.unreadable(&name, "is not a parameter of this path");
        }
        self.faults.into_result()
    }

    /// Checks what was read up to here, and ignores parameters that were not taken: protocols with
    /// extensions want that (RFC 6749, section 3.2).
    ///
    /// # Errors
    /// 400 when a parameter is repeated or cannot be parsed, else 422 when a value is refused.
    pub fn check(&mut self) -> Result<()> {
        self.note_repeated();
        mem::take(&mut self.faults).into_result()
    }

    fn note_repeated(&mut self) {
        for name in mem::take(&mut self.repeated) {
            self.faults.unreadable(&name, "is given more than once");
        }
    }
}

fn decode(text: &str) -> Option<String> {
    let blanks: Cow<'_, str> =
        if text.contains('+') { text.replace('+', " ").into() } else { text.into() };
    percent_decode_str(&blanks).decode_utf8().ok().map(Cow::into_owned)
}

/// The faults of an input: the first 20 of each kind.
#[derive(Debug, Default)]
pub struct InputFaults {
    unreadable: Vec<FieldFault>,
    refused: Vec<FieldFault>,
    refusal: Option<&'static str>,
}

impl InputFaults {
    /// Parameters or members that cannot be parsed, are unknown or are repeated: 400.
    pub fn unreadable(&mut self, parameter: &str, detail: impl Into<Cow<'static, str>>) {
        record(&mut self.unreadable, parameter, detail);
    }

    /// A well-formed value that is refused: 422 `invalid_value`.
    pub fn refuse(&mut self, parameter: &str, detail: impl Into<Cow<'static, str>>) {
        self.refuse_as("invalid_value", parameter, detail);
    }

    /// A well-formed value that is refused for a reason with a name of its own: 422 `code`. The
    /// first one names the problem.
    pub fn refuse_as(
        &mut self,
        code: &'static str,
        parameter: &str,
        detail: impl Into<Cow<'static, str>>,
    ) {
        self.refusal.get_or_insert(code);
        record(&mut self.refused, parameter, detail);
    }

    /// # Errors
    /// When there is a fault.
    pub fn into_result(self) -> Result<()> {
        if self.unreadable.is_empty() && self.refused.is_empty() {
            return Ok(());
        }
        Err(self.into_problem())
    }

    /// The problem of these faults, of which there must be one.
    #[must_use]
    pub fn into_problem(self) -> Problem {
        if self.unreadable.is_empty() {
            let code = self.refusal.unwrap_or("invalid_value");
            let problem =
                Problem::new(StatusCode::UNPROCESSABLE_ENTITY, code, summary(&self.refused));
            return problem.with_errors(self.refused);
        }
        let detail = summary(&self.unreadable);
        Problem::new(StatusCode::BAD_REQUEST, "bad_request", detail).with_errors(self.unreadable)
    }
}

fn record(faults: &mut Vec<FieldFault>, parameter: &str, detail: impl Into<Cow<'static, str>>) {
    if faults.len() < MAX_FAULTS {
        let source = FaultySource::Parameter(parameter.to_owned());
        faults.push(FieldFault { source, detail: detail.into() });
    }
}

/// Joins faults: `tailLines: must be an integer; x: is not a parameter of this path`.
fn summary(faults: &[FieldFault]) -> String {
    let one = |fault: &FieldFault| match &fault.source {
        FaultySource::Pointer(at) | FaultySource::Parameter(at) => {
            format!("{at}: {}", fault.detail)
        }
    };
    faults.iter().map(one).collect::<Vec<_>>().join("; ")
}

#[cfg(test)]
mod tests {
    use actix_web::ResponseError;

    use super::*;

    fn number(text: &str) -> std::result::Result<u64, &'static str> {
        text.parse().map_err(|_| "must be an integer")
    }

    #[test]
    fn parameters_are_decoded() {
        let mut query = Query::parse("a=1&b=x+y%2Fz&c&&d=");
        assert_eq!(query.get("a", number), Some(1));
        assert_eq!(query.take("b").as_deref(), Some("x y/z"));
        assert_eq!(query.take("c").as_deref(), Some(""));
        assert_eq!(query.take("d").as_deref(), Some(""));
        query.finish().unwrap();
    }

    #[test]
    fn unknown_repeated_and_unreadable_parameters_are_400() {
        for text in ["x=1", "a=1&a=2", "a=one", "a=%ff", "%ff=1"] {
            let mut query = Query::parse(text);
            query.get("a", number);
            assert_eq!(
                query.finish().unwrap_err().status_code(),
                StatusCode::BAD_REQUEST,
                "{text}"
            );
        }
    }

    #[test]
    fn a_parameter_that_may_be_repeated_is_taken_as_a_list() {
        let mut query = Query::parse("a=1&b=x&a=2&b=y");
        assert_eq!(query.take_all("a"), ["1", "2"]);
        assert_eq!(query.take_all("c"), [""; 0]);
        assert_eq!(query.take("b").as_deref(), Some("y"));
        assert_eq!(query.finish().unwrap_err().status_code(), StatusCode::BAD_REQUEST);
        let mut query = Query::parse("a=1&a=1");
        query.take_all("a");
        query.finish().unwrap();
    }

    #[test]
    fn unknown_parameters_may_be_ignored_but_not_repeated_ones() {
        let finish = |text| Query::parse(text).check();
        finish("x=1&y=2").unwrap();
        for text in ["x=1&x=1", "x=1&x=", "x=%ff"] {
            assert_eq!(finish(text).unwrap_err().status_code(), StatusCode::BAD_REQUEST, "{text}");
        }
    }

    #[test]
    fn a_refused_value_is_422_unless_something_cannot_be_read() {
        let mut query = Query::default();
        query.faults().refuse("a", "is too small");
        assert_eq!(query.finish().unwrap_err().status_code(), StatusCode::UNPROCESSABLE_ENTITY);

        let mut query = Query::parse("b=1");
        query.faults().refuse("a", "is too small");
        assert_eq!(query.finish().unwrap_err().status_code(), StatusCode::BAD_REQUEST);
    }
}
