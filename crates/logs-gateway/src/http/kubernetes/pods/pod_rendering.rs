//! The form in which a client is shown pods.

use std::{slice, sync::Arc};

use chrono::{DateTime, Utc};
use pod_logs::SeenPod;
use serde_json::{Value, json};

use super::{pod_object, pod_table::pod_table};
use crate::http::kubernetes::request::{accept::ObjectForm, go_query::GoQuery};

/// The form in which a client is shown pods.
pub(super) struct PodRendering {
    pub(super) form: ObjectForm,
    /// The part of the object in the rows of a table.
    included: String,
}

impl PodRendering {
    pub(super) fn at(form: ObjectForm, query: &GoQuery) -> Self {
        let included = query.get("includeObject").unwrap_or("Metadata").to_owned();
        Self { form, included }
    }

    pub(super) fn object(&self, pod: &Arc<SeenPod>, now: DateTime<Utc>) -> Value {
        match self.form {
            ObjectForm::Object => pod_object::whole(pod),
            ObjectForm::Metadata(api) => pod_object::metadata_only(pod, api),
            ObjectForm::Table(api) => {
                let metadata = json!({ "resourceVersion": pod.version.to_string() });
                self.table(api, &metadata, slice::from_ref(pod), now)
            }
        }
    }

    pub(super) fn list(
        &self,
        pods: &[Arc<SeenPod>],
        metadata: &Value,
        now: DateTime<Utc>,
    ) -> Value {
        let item = |pod: &Arc<SeenPod>| pod_object::item(pod);
        match self.form {
            ObjectForm::Object => json!({
                "kind": "PodList",
                "apiVersion": "v1",
                "metadata": metadata,
                "items": pods.iter().map(item).collect::<Vec<_>>(),
            }),
            ObjectForm::Metadata(api) => json!({
                "kind": "PartialObjectMetadataList",
                "apiVersion": api,
                "metadata": metadata,
                "items": pods
                    .iter()
                    .map(|pod| pod_object::metadata_only(pod, api))
                    .collect::<Vec<_>>(),
            }),
            ObjectForm::Table(api) => self.table(api, metadata, pods, now),
        }
    }

    fn table(
        &self,
        api: &str,
        metadata: &Value,
        pods: &[Arc<SeenPod>],
        now: DateTime<Utc>,
    ) -> Value {
        pod_table(api, metadata, pods, &self.included, now)
    }
}
