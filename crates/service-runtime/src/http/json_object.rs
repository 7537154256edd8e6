//! JSON objects, and no lists in their place.

use std::{fmt, marker::PhantomData};

use serde::{
    Deserialize, Deserializer,
    de::{MapAccess, Visitor, value::MapAccessDeserializer},
};

/// A value that is read from a JSON object only. A derived struct would take a list of its fields
/// as well.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub struct JsonObject<T>(pub T);

impl<'de, T: Deserialize<'de>> Deserialize<'de> for JsonObject<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(ObjectVisitor(PhantomData)).map(Self)
    }
}

struct ObjectVisitor<T>(PhantomData<T>);

impl<'de, T: Deserialize<'de>> Visitor<'de> for ObjectVisitor<T> {
    type Value = T;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<T, A::Error> {
        T::deserialize(MapAccessDeserializer::new(map))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, Deserialize, PartialEq, Eq)]
    struct Point<'a> {
        x: u8,
        #[serde(borrow)]
        name: &'a str,
    }

    #[test]
    fn object_is_read_and_a_list_is_refused() {
        let read = |json| serde_json::from_str::<JsonObject<Point<'_>>>(json).ok();
        let point = JsonObject(Point { x: 1, name: "a" });
        assert_eq!(read(r#"{"x": 1, "name": "a"}"#), Some(point));
        for other in [r#"[1, "a"]"#, "null", "1", r#"{"x": 1}"#, r#"{"x": 1, "x": 2, "name": "a"}"#]
        {
            assert_eq!(read(other), None, "{other}");
        }
    }
}
