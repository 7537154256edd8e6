//! The level in a JSON object.

use std::{borrow::Cow, fmt};

use serde::{
    Deserializer,
    de::{IgnoredAny, MapAccess, Visitor},
};
use serde_json::value::RawValue;

use super::{Level, words::level_of_word};

/// The value of the first member `level` or `severity` that names a level; other values are passed
/// over, whatever they are. Numbers are those of bunyan and pino: 30 is info, 40 warn.
pub(super) fn level_of(object: &[u8]) -> Option<Level> {
    let mut found = None;
    let mut reader = serde_json::Deserializer::from_slice(object);
    // Whether the rest can be read does not matter: what came before a broken place counts.
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
        // There is no need to read on when it is found.
        while self.0.is_none()
            && let Some(key) = map.next_key::<Cow<'de, str>>()?
        {
            if matches!(&*key, "level" | "severity") {
                *self.0 = of_value(map.next_value()?);
            } else {
                map.next_value::<IgnoredAny>()?;
            }
        }
        Ok(())
    }
}

fn of_value(value: &RawValue) -> Option<Level> {
    let text = value.get();
    if text.starts_with('"') {
        level_of_word(serde_json::from_str::<Cow<'_, str>>(text).ok()?.as_bytes())
    } else {
        of_number(text.parse().ok()?)
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
