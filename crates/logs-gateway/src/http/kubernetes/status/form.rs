//! The formats of a `Status`.

use serde::Serialize;

use super::protobuf;

pub(in crate::http::kubernetes) const JSON: &str = "application/json";
pub(in crate::http::kubernetes) const YAML: &str = "application/yaml";
pub(in crate::http::kubernetes) const PROTOBUF: &str = "application/vnd.kubernetes.protobuf";

/// The format of a `Status`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::http::kubernetes) enum StatusForm {
    Json,
    Yaml,
    Protobuf,
}

impl StatusForm {
    pub(in crate::http::kubernetes) fn media_type(self) -> &'static str {
        match self {
            Self::Json => JSON,
            Self::Yaml => YAML,
            Self::Protobuf => PROTOBUF,
        }
    }

    /// The object in bytes.
    pub(in crate::http::kubernetes) fn write(self, object: &impl Serialize) -> Vec<u8> {
        // Writing a `Status` as JSON cannot fail.
        match self {
            // JSON is YAML as well (YAML 1.2 §1.3).
            Self::Json | Self::Yaml => {
                (serde_json::to_string(object).unwrap_or_default() + "\n").into_bytes()
            }
            Self::Protobuf => {
                protobuf::of_status(&serde_json::to_value(object).unwrap_or_default())
            }
        }
    }
}
