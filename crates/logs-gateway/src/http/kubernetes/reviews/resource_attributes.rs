//! The action that a review is about (`ResourceAttributes` of `authorization.k8s.io`).

use serde::{Deserialize, Serialize};

use super::protobuf::{InvalidMessage, ProtobufMessage};

/// The action under review. Unused fields are not returned either.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct ResourceAttributes {
    #[serde(skip_serializing_if = "String::is_empty")]
    pub(super) namespace: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    pub(super) verb: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    pub(super) group: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    version: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    pub(super) resource: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    pub(super) subresource: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    pub(super) name: String,
}

impl TryFrom<ProtobufMessage<'_>> for ResourceAttributes {
    type Error = InvalidMessage;

    fn try_from(asked: ProtobufMessage<'_>) -> Result<Self, InvalidMessage> {
        let text = |number| asked.text(number).map(str::to_owned).ok_or(InvalidMessage);
        Ok(Self {
            namespace: text(1)?,
            verb: text(2)?,
            group: text(3)?,
            version: text(4)?,
            resource: text(5)?,
            subresource: text(6)?,
            name: text(7)?,
        })
    }
}
