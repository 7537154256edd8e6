//! Which pods there are, and how each container speaks.

use super::voices::{self, Voice};

/// A pod of the samples.
pub(super) struct Pod {
    pub(super) namespace: &'static str,
    pub(super) name: &'static str,
    pub(super) containers: &'static [Container],
}

/// One of its containers.
pub(super) struct Container {
    pub(super) name: &'static str,
    pub(super) voice: Voice,
    /// What it said when it crashed, if it did: then it has been restarted since.
    pub(super) last_words: Option<Voice>,
}

impl Container {
    const fn steady(name: &'static str, voice: Voice) -> Self {
        Self { name, voice, last_words: None }
    }

    const fn restarted(name: &'static str, voice: Voice, last_words: Voice) -> Self {
        Self { name, voice, last_words: Some(last_words) }
    }
}

/// A small shop, its payments, and a piece of the cluster it runs on.
pub(super) const PODS: &[Pod] = &[
    Pod {
        namespace: "shop",
        name: "checkout-6c9d7f8b54-x2x7p",
        containers: &[Container::restarted("checkout", voices::checkout, voices::go_panic)],
    },
    Pod {
        namespace: "shop",
        name: "catalog-7f5b9c6d48-qm4tz",
        containers: &[Container::steady("catalog", voices::catalog)],
    },
    Pod {
        namespace: "shop",
        name: "storefront-5d8c7b6f9-hk2vw",
        containers: &[
            Container::steady("app", voices::storefront),
            Container::steady("proxy", voices::proxy),
        ],
    },
    Pod {
        namespace: "payments",
        name: "ledger-0",
        containers: &[Container::steady("ledger", voices::ledger)],
    },
    Pod {
        namespace: "kube-system",
        name: "metrics-server-6d94bc8694-9vjbl",
        containers: &[Container::steady("metrics-server", voices::klog)],
    },
];
