//! The media types that a request accepts, as the API server reads them.

use actix_web::HttpRequest;

use crate::http::{
    accepted_types::AcceptedTypes,
    kubernetes::status::{
        Result, StatusError,
        form::{JSON, PROTOBUF, StatusForm, YAML},
    },
};

/// The media type of a log.
const TEXT: &str = "text/plain";

/// The form of an object or a list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::http::kubernetes) enum ObjectForm {
    Object,
    /// A table, of this version of `meta.k8s.io`.
    Table(&'static str),
    /// The metadata only, of this version of `meta.k8s.io`.
    Metadata(&'static str),
}

/// The form of a discovery document.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::http::kubernetes) enum DiscoveryForm {
    Plain,
    /// All groups at once, of this version of `apidiscovery.k8s.io`.
    Aggregated(&'static str),
}

/// An accepted media range and the parameters of Kubernetes in it.
struct AcceptedRange {
    essence: String,
    kind: Option<String>,
    version: Option<String>,
    group: Option<String>,
}

/// The accepted ranges for a resource of this media type, without those that refuse it. `None`
/// when the request accepts anything.
fn accepted_ranges(request: &HttpRequest, media_type: &str) -> Option<Vec<AcceptedRange>> {
    let accepted = AcceptedTypes::of(request).ok().filter(|accepted| !accepted.is_empty())?;
    let wanted = accepted.wanted().iter();
    let wanted = wanted.filter(|range| !accepted.is_refused_from(range, media_type));
    let wanted = wanted.map(|range| {
        let param = |name| range.get_param(name).map(|value| value.as_str().to_owned());
        let essence = range.essence_str().to_owned();
        AcceptedRange { essence, kind: param("as"), version: param("v"), group: param("g") }
    });
    Some(wanted.collect())
}

fn is_json(essence: &str) -> bool {
    matches!(essence, "*/*" | "application/*" | JSON)
}

/// The first accepted form that is available.
pub(in crate::http::kubernetes) fn object_form(request: &HttpRequest) -> Result<ObjectForm> {
    let Some(wanted) = accepted_ranges(request, JSON) else {
        return Ok(ObjectForm::Object);
    };
    let found = wanted.iter().filter(|wanted| is_json(&wanted.essence)).find_map(|wanted| {
        let version = match wanted.version.as_deref() {
            Some("v1beta1") => "meta.k8s.io/v1beta1",
            _ => "meta.k8s.io/v1",
        };
        match wanted.kind.as_deref() {
            None => Some(ObjectForm::Object),
            Some("Table") => Some(ObjectForm::Table(version)),
            Some("PartialObjectMetadata" | "PartialObjectMetadataList") => {
                Some(ObjectForm::Metadata(version))
            }
            Some(_) => None,
        }
    });
    found.ok_or_else(|| StatusError::not_acceptable(&only(&[JSON])))
}

/// The first accepted format for a `Status`, else JSON: a failure is always reported.
pub(in crate::http::kubernetes) fn status_form(request: &HttpRequest) -> StatusForm {
    let wanted = accepted_ranges(request, JSON).unwrap_or_default();
    let plain = wanted.into_iter().filter(|wanted| wanted.kind.is_none());
    let mut forms = plain.filter_map(|wanted| match &*wanted.essence {
        YAML => Some(StatusForm::Yaml),
        PROTOBUF => Some(StatusForm::Protobuf),
        essence => is_json(essence).then_some(StatusForm::Json),
    });
    forms.next().unwrap_or(StatusForm::Json)
}

/// The newest aggregated form that is accepted, else the plain one.
pub(in crate::http::kubernetes) fn discovery_form(request: &HttpRequest) -> DiscoveryForm {
    let wanted = accepted_ranges(request, JSON).unwrap_or_default();
    let aggregated = |version: &str| {
        wanted.iter().any(|wanted| {
            wanted.kind.as_deref() == Some("APIGroupDiscoveryList")
                && wanted.group.as_deref() == Some("apidiscovery.k8s.io")
                && wanted.version.as_deref() == Some(version)
        })
    };
    match (aggregated("v2"), aggregated("v2beta1")) {
        (true, _) => DiscoveryForm::Aggregated("v2"),
        (false, true) => DiscoveryForm::Aggregated("v2beta1"),
        _ => DiscoveryForm::Plain,
    }
}

/// Checks that a log is acceptable. As at the API server, `text/plain` alone is not.
pub(in crate::http::kubernetes) fn check_log(request: &HttpRequest) -> Result<()> {
    const FORMS: [&str; 3] = [JSON, YAML, PROTOBUF];
    let Some(wanted) = accepted_ranges(request, TEXT) else {
        return Ok(());
    };
    let fits = |wanted: &AcceptedRange| {
        let essence = &*wanted.essence;
        wanted.kind.is_none() && (is_json(essence) || FORMS.contains(&essence))
    };
    if wanted.iter().any(fits) {
        return Ok(());
    }
    let is_representable = |wanted: &AcceptedRange| {
        let essence = &*wanted.essence;
        FORMS.contains(&essence) || matches!(essence, "text/plain" | "text/*")
    };
    if wanted.iter().any(is_representable) {
        return Err(StatusError::not_acceptable(&only(&FORMS)));
    }
    Err(StatusError::not_representable(&format!(
        "406: Not Acceptable\n\nAvailable representations: text/plain, {}",
        FORMS.join(", ")
    )))
}

fn only(forms: &[&str]) -> String {
    format!("only the following media types are accepted: {}", forms.join(", "))
}

#[cfg(test)]
mod tests {
    use actix_web::test::TestRequest;

    use super::*;

    fn accepting(accept: &str) -> HttpRequest {
        TestRequest::get().insert_header(("accept", accept)).to_http_request()
    }

    #[test]
    fn kubectl_gets_its_table_and_others_their_object() {
        let kubectl = "application/json;as=Table;v=v1;g=meta.k8s.io,application/json;as=Table;v=v1beta1;g=meta.k8s.io,application/json";
        assert_eq!(object_form(&accepting(kubectl)).unwrap(), ObjectForm::Table("meta.k8s.io/v1"));
        let old = "application/json;as=Table;v=v1beta1;g=meta.k8s.io";
        assert_eq!(object_form(&accepting(old)).unwrap(), ObjectForm::Table("meta.k8s.io/v1beta1"));
        for accept in ["*/*", "application/json", "application/vnd.kubernetes.protobuf, */*"] {
            assert_eq!(object_form(&accepting(accept)).unwrap(), ObjectForm::Object, "{accept}");
        }
        assert!(object_form(&accepting("application/yaml")).is_err());
    }

    #[test]
    fn a_media_type_of_quality_zero_is_not_chosen() {
        for accept in ["application/json;q=0", "*/*;q=0", "application/json;q=0, */*"] {
            assert!(object_form(&accepting(accept)).is_err(), "{accept}");
        }
        let no_table = "application/json;as=Table;v=v1;g=meta.k8s.io;q=0, application/json";
        assert_eq!(object_form(&accepting(no_table)).unwrap(), ObjectForm::Object);
        assert!(check_log(&accepting("application/json;q=0")).is_err());
        assert!(check_log(&accepting("text/plain;q=0, */*")).is_err());
        assert!(check_log(&accepting("text/html;q=0, */*")).is_ok());
        let yaml = status_form(&accepting("application/json;q=0, application/yaml;q=0.1"));
        assert_eq!(yaml, StatusForm::Yaml);
    }

    #[test]
    fn a_failure_has_the_first_accepted_form() {
        for (accept, expected) in [
            ("application/yaml", StatusForm::Yaml),
            ("application/vnd.kubernetes.protobuf", StatusForm::Protobuf),
            ("application/vnd.kubernetes.protobuf, application/json", StatusForm::Protobuf),
            ("application/yaml;q=0.5, application/json", StatusForm::Json),
            ("application/json;as=Table;v=v1;g=meta.k8s.io", StatusForm::Json),
            ("*/*", StatusForm::Json),
            ("text/html", StatusForm::Json),
        ] {
            assert_eq!(status_form(&accepting(accept)), expected, "{accept}");
        }
    }

    #[test]
    fn discovery_is_aggregated_in_the_newest_version_that_was_asked_for() {
        let aggregated = |version: &str| {
            format!("application/json;g=apidiscovery.k8s.io;v={version};as=APIGroupDiscoveryList")
        };
        let (new, old) = (aggregated("v2"), aggregated("v2beta1"));
        for (accept, expected) in [
            (format!("{new},{old},application/json"), DiscoveryForm::Aggregated("v2")),
            (format!("{old},application/json"), DiscoveryForm::Aggregated("v2beta1")),
            ("application/json".to_owned(), DiscoveryForm::Plain),
            ("*/*".to_owned(), DiscoveryForm::Plain),
        ] {
            assert_eq!(discovery_form(&accepting(&accept)), expected, "{accept}");
        }
    }
}
