//! The forms that a `Status` can be told in.

use serde::Serialize;

use crate::http::kubernetes::{status::protobuf, status::yaml};

pub(in crate::http::kubernetes) const JSON: &str = "application/json";
pub(in crate::http::kubernetes) const YAML: &str = "application/yaml";
pub(in crate::http::kubernetes) const PROTOBUF: &str = "application/vnd.kubernetes.protobuf";

/// What a `Status` is written in.
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
        // It holds nothing that could not be written.
        let value = || serde_json::to_value(object).unwrap_or_default();
        match self {
            Self::Json => (serde_json::to_string(object).unwrap_or_default() + "\n").into_bytes(),
            Self::Yaml => yaml::document(&value()).into_bytes(),
            Self::Protobuf => protobuf::of_status(&value()),
        }
    }
}
