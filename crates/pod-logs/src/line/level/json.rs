//! The level in a JSON object.

use std::fmt;

use serde::{
    Deserializer,
    de::{Error, IgnoredAny, MapAccess, Visitor},
};

use super::Level;

/// The value of the first member `level` or `severity` that names a level. Numbers are those of
/// bunyan and pino: 30 is info, 40 warn.
pub(super) fn level_of(object: &[u8]) -> Option<Level> {
    let mut found = None;
    let mut reader = serde_json::Deserializer::from_slice(object);
    // What comes behind a broken place cannot be read; what came before it counts.
    let _ = reader.deserialize_map(LevelFinder(&mut found));
    found
}

struct LevelFinder<'a>(&'a mut Option<Level>);

impl<'de> Visitor<'de> for LevelFinder<'_> {
    type Value = ();

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        while let Some(key) = map.next_key::<std::borrow::Cow<'de, str>>()? {
            if matches!(&*key, "level" | "severity") {
                *self.0 = map.next_value::<LevelValue>()?.0;
                if self.0.is_some() {
                    // There is no need to read on.
                    return Err(A::Error::custom("found"));
                }
            } else {
                map.next_value::<IgnoredAny>()?;
            }
        }
        Ok(())
    }
}

struct LevelValue(Option<Level>);

impl<'de> serde::Deserialize<'de> for LevelValue {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(serde::Deserialize)]
        #[serde(untagged)]
        enum Written<'a> {
            Number(u64),
            Text(#[serde(borrow)] std::borrow::Cow<'a, str>),
            Other(IgnoredAny),
        }
        Ok(Self(match Written::deserialize(deserializer)? {
            Written::Number(number) => of_number(number),
            Written::Text(name) => Level::of_word(name.as_bytes()),
            Written::Other(_) => None,
        }))
    }
}

fn of_number(number: u64) -> Option<Level> {
    match number {
        10..20 => Some(Level::Trace),
        20..30 => Some(Level::Debug),
        30..40 => Some(Level::Info),
        40..50 => Some(Level::Warn),
        50..60 => Some(Level::Error),
        60..70 => Some(Level::Fatal),
        _ => None,
    }
}
