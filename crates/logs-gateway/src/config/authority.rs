//! Settings about the authority: where it is, and how long its answers count.

use std::time::Duration;

use service_runtime::{
    settings::{Settings, duration, http_url, list},
    tls::Trust,
};
use url::Url;

use crate::auth::RevalidationTimes;

const CA: &str = "GATEWAY_SSO_CA";

/// How the gateway asks the authority.
#[derive(Debug)]
pub(crate) struct AuthoritySettings {
    /// The instances of the authority, one at least.
    pub(crate) urls: Vec<Url>,
    /// The certificate authorities that are trusted when an instance is asked over https.
    pub(crate) trust: Trust,
    /// How long a question may take, in all.
    pub(crate) timeout: Duration,
    /// How long an answer counts for a body that is being sent.
    pub(crate) revalidation_times: RevalidationTimes,
}

impl AuthoritySettings {
    /// Takes them from `settings`, which keeps the faults.
    pub(super) fn read(settings: &mut Settings) -> Self {
        let urls = settings
            .get_or_file("GATEWAY_SSO_URL", |text| list(text, http_url))
            .unwrap_or_else(default_urls);
        let mut time =
            |name, default| settings.get(name, duration).unwrap_or(Duration::from_secs(default));
        Self {
            timeout: time("GATEWAY_SSO_TIMEOUT", 2),
            revalidation_times: RevalidationTimes {
                revalidate: time("GATEWAY_REVALIDATE", 5),
                stale_max: time("GATEWAY_STALE_MAX", 60),
            },
            trust: trust(settings, &urls),
            urls,
        }
    }
}

fn default_urls() -> Vec<Url> {
    Url::parse("http://127.0.0.1:8001").into_iter().collect()
}

/// The system's certificate authorities are read only if they are needed.
fn trust(settings: &mut Settings, urls: &[Url]) -> Trust {
    if settings.has(CA) || urls.iter().any(|url| url.scheme() == "https") {
        return Trust::configured(settings, CA).unwrap_or_else(Trust::none);
    }
    Trust::none()
}
