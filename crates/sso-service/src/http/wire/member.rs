//! Members of JSON bodies, each with its own fault.

use serde::{Deserialize, Deserializer, de::DeserializeOwned};
use serde_json::Value;

/// A member of a JSON body.
///
/// A value of another type is kept as a fault of this member and does not fail the whole body, so
/// that an answer names all faults at once. Text that may be a secret has no `Debug`.
#[derive(Clone, Default, PartialEq, Eq)]
pub(in crate::http) enum Member<T> {
    /// The member is missing.
    #[default]
    Absent,
    /// The member is `null`.
    Null,
    /// The member has a value of its type.
    Value(T),
    /// The member has a value of another type.
    WrongType,
}

impl<T> From<Option<T>> for Member<T> {
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::Absent, Self::Value)
    }
}

/// A type of JSON values that members have.
pub(in crate::http) trait JsonType: DeserializeOwned {
    /// What is wrong with a value of another type.
    const FAULT: &'static str;
}

impl JsonType for String {
    const FAULT: &'static str = "must be a string";
}

impl JsonType for bool {
    const FAULT: &'static str = "must be true or false";
}

impl<T: DeserializeOwned> JsonType for Vec<T> {
    const FAULT: &'static str = "must be a list";
}

/// Fails only where the JSON itself is malformed.
impl<'de, T: JsonType> Deserialize<'de> for Member<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(match Value::deserialize(deserializer)? {
            Value::Null => Self::Null,
            value => T::deserialize(value).map_or(Self::WrongType, Self::Value),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check<T: JsonType + PartialEq>(json: &str, expected: &Member<T>) {
        assert!(serde_json::from_str::<Member<T>>(json).unwrap() == *expected, "{json}");
    }

    #[test]
    fn a_value_of_another_type_is_a_fault_of_the_member() {
        check(r#""x""#, &Member::Value("x".to_owned()));
        check("true", &Member::Value(true));
        check("null", &Member::<String>::Null);
        check("null", &Member::<bool>::Null);
        for json in ["1", "true", "[]", "{}", "1.5"] {
            check(json, &Member::<String>::WrongType);
        }
        for json in ["1", "\"true\"", "[true]"] {
            check(json, &Member::<bool>::WrongType);
        }
    }

    #[test]
    fn an_item_of_another_type_is_a_fault_of_the_item() {
        let items = vec![Member::Value("x".to_owned()), Member::WrongType, Member::Null];
        check(r#"["x",1,null]"#, &Member::Value(items));
        check(r#"{"0":"x"}"#, &Member::<Vec<Member<String>>>::WrongType);
    }
}
