//! Query strings, numbers and times as the API server reads them, with Go's library.

use std::{borrow::Cow, collections::HashMap};

use chrono::{DateTime, SubsecRound, Utc};
use percent_encoding::percent_decode_str;
use pod_logs::{GoQuoted, LineTime};

/// A query string as `url.ParseQuery` reads it: pairs that it cannot read are left out.
#[derive(Debug, Default)]
pub(in crate::http::kubernetes) struct GoQuery(HashMap<String, Vec<String>>);

impl GoQuery {
    pub(in crate::http::kubernetes) fn parse(query: &str) -> Self {
        let mut values: HashMap<_, Vec<_>> = HashMap::new();
        for pair in query.split('&').filter(|pair| !pair.is_empty() && !pair.contains(';')) {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            if let (Some(name), Some(value)) = (decode(name), decode(value)) {
                values.entry(name).or_default().push(value);
            }
        }
        Self(values)
    }

    /// The first value of a parameter, which counts.
    pub(in crate::http::kubernetes) fn get(&self, name: &str) -> Option<&str> {
        self.all(name).first().map(String::as_str)
    }

    /// All values of a parameter, in their order.
    pub(in crate::http::kubernetes) fn all(&self, name: &str) -> &[String] {
        self.0.get(name).map(Vec::as_slice).unwrap_or_default()
    }

    /// False when absent, `0` or `false`; true for anything else.
    pub(in crate::http::kubernetes) fn flag(&self, name: &str) -> bool {
        self.get(name).is_some_and(|value| value != "0" && !value.eq_ignore_ascii_case("false"))
    }

    pub(in crate::http::kubernetes) fn integer(&self, name: &str) -> Result<Option<i64>, String> {
        self.get(name).map(parse_int).transpose()
    }
}

fn decode(text: &str) -> Option<String> {
    let mut rest = text;
    while let Some(at) = rest.find('%') {
        let digits = rest.as_bytes().get(at + 1..at + 3)?;
        if !digits.iter().all(u8::is_ascii_hexdigit) {
            return None;
        }
        rest = &rest[at + 3..];
    }
    let blanks = text.replace('+', " ");
    percent_decode_str(&blanks).decode_utf8().ok().map(Cow::into_owned)
}

/// `strconv.ParseInt(text, 10, 64)`, with its messages.
fn parse_int(text: &str) -> Result<i64, String> {
    let digits = text.strip_prefix(['+', '-']).unwrap_or(text);
    let fault = match !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit()) {
        true => match text.parse() {
            Ok(number) => return Ok(number),
            Err(_) => "value out of range",
        },
        false => "invalid syntax",
    };
    Err(format!("strconv.ParseInt: parsing {}: {fault}", GoQuoted(text.as_bytes())))
}

/// A time of RFC 3339, truncated to the second.
pub(in crate::http::kubernetes) fn parse_time(text: &str) -> Result<DateTime<Utc>, String> {
    parse_exact_time(text).map(|time| time.trunc_subsecs(0))
}

/// A time of RFC 3339, to the nanosecond.
pub(in crate::http::kubernetes) fn parse_exact_time(text: &str) -> Result<DateTime<Utc>, String> {
    let time = LineTime::parse(text.as_bytes());
    let fault = || format!("parsing time {}: must be RFC 3339", GoQuoted(text.as_bytes()));
    time.map(|time| time.instant()).ok_or_else(fault)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_parsable_value_of_a_parameter_counts() {
        let query = GoQuery::parse("a=1&a=2&b=%zz&c=x;d=1&e&=f&g=a+b%20c");
        let get = |name| query.get(name);
        assert_eq!((get("a"), get("b"), get("c"), get("d")), (Some("1"), None, None, None));
        assert_eq!((get("e"), get("g")), (Some(""), Some("a b c")));
        assert_eq!(query.all("a"), ["1", "2"]);
        assert_eq!(query.all("x"), [""; 0]);
    }

    #[test]
    fn numbers_are_read_and_refused_as_go_does() {
        for (text, expected) in [
            ("12", Ok(12)),
            ("+2", Ok(2)),
            ("-2", Ok(-2)),
            ("", Err(r#"parsing "": invalid syntax"#)),
            ("-", Err(r#"parsing "-": invalid syntax"#)),
            ("1_0", Err(r#"parsing "1_0": invalid syntax"#)),
            ("99999999999999999999", Err(r#"parsing "99999999999999999999": value out of range"#)),
        ] {
            let expected = expected.map_err(|fault| format!("strconv.ParseInt: {fault}"));
            assert_eq!(parse_int(text), expected);
        }
    }

    #[test]
    fn times_are_read_to_the_second() {
        for text in ["2026-11-01T10:01:37Z", "2026-11-01T10:01:37.9Z", "2026-11-01T12:01:37+02:00"]
        {
            assert_eq!(parse_time(text).unwrap().to_rfc3339(), "2026-11-01T10:01:37+00:00");
        }
    }
}
