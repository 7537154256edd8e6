//! The sample pods and the programs in their containers.

use crate::samples::programs::{self, Program};

/// A pod of the samples.
pub(super) struct Pod {
    pub(super) namespace: &'static str,
    pub(super) name: &'static str,
    pub(super) containers: &'static [Container],
}

/// A container of a sample pod.
pub(super) struct Container {
    pub(super) name: &'static str,
    pub(super) program: Program,
    /// Writes the last lines of a crash, if there was one and the container was restarted.
    pub(super) crash: Option<Program>,
}

impl Container {
    const fn steady(name: &'static str, program: Program) -> Self {
        Self { name, program, crash: None }
    }

    const fn restarted(name: &'static str, program: Program, crash: Program) -> Self {
        Self { name, program, crash: Some(crash) }
    }
}

/// A small shop, its payments, and a piece of the cluster it runs on.
pub(super) const PODS: &[Pod] = &[
    Pod {
        namespace: "shop",
        name: "checkout-6c9d7f8b54-x2x7p",
        containers: &[Container::restarted("checkout", programs::checkout, programs::go_panic)],
    },
    Pod {
        namespace: "shop",
        name: "catalog-7f5b9c6d48-qm4tz",
        containers: &[Container::steady("catalog", programs::catalog)],
    },
    Pod {
        namespace: "shop",
        name: "storefront-5d8c7b6f9-hk2vw",
        containers: &[
            Container::steady("app", programs::storefront),
            Container::steady("proxy", programs::proxy),
        ],
    },
    Pod {
        namespace: "payments",
        name: "ledger-0",
        containers: &[Container::steady("ledger", programs::ledger)],
    },
    Pod {
        namespace: "kube-system",
        name: "metrics-server-6d94bc8694-9vjbl",
        containers: &[Container::steady("metrics-server", programs::klog)],
    },
];
