//! The catalogs of pods that callers get: the same for all, or one as the cluster shows it to each.

use std::{io, sync::Arc};

use pod_logs::{ApiError, Namespace, UserPods};
use service_runtime::clock::Clock;

use super::catalog::{PodCatalog, PodSource};
use crate::{auth::Caller, impersonation::Impersonation, nodes::Nodes};

/// How many namespaces are listed one by one. A caller whose permissions name more needs the right
/// to list the pods of all.
const MAX_NAMESPACES: usize = 32;

/// Gives callers the catalog of the pods that they may know.
#[derive(Debug, Clone)]
pub(crate) enum PodCatalogs {
    /// The source decides nothing about callers.
    Common(PodCatalog),
    /// The rights of callers in the cluster count as well.
    OfCallers(CallerCatalogs),
}

/// Catalogs as the API server shows them to callers. No caller gets what another one was told.
#[derive(Debug, Clone)]
pub(crate) struct CallerCatalogs {
    pub(crate) pods: Arc<UserPods>,
    pub(crate) impersonation: Impersonation,
    pub(crate) clock: Arc<dyn Clock>,
}

/// Why a caller gets no catalog.
#[derive(Debug, thiserror::Error)]
pub(crate) enum CatalogError {
    /// The cluster does not let the caller list pods.
    #[error("the cluster does not allow the user to list pods: {0}")]
    Refused(ApiError),
    #[error("cannot look up pods: {0}")]
    Unavailable(ApiError),
}

impl PodCatalogs {
    /// The catalog for a caller, of one namespace or of all in which the caller could read.
    ///
    /// # Errors
    /// When the cluster refuses it or does not answer.
    pub(crate) async fn of_caller(
        &self,
        caller: &Caller,
        namespace: Option<&str>,
    ) -> Result<PodCatalog, CatalogError> {
        match self {
            Self::Common(catalog) => Ok(catalog.clone()),
            Self::OfCallers(catalogs) => catalogs.of(caller, namespace).await,
        }
    }

    /// Whether what a caller gets depends on the caller's roles.
    pub(crate) fn depends_on_roles(&self) -> bool {
        matches!(self, Self::OfCallers(_))
    }

    /// Whether a caller that had these roles has others now, and they count: what was opened before
    /// may not go on.
    pub(crate) fn is_other_user(&self, roles: &[String], now: &Caller) -> bool {
        self.depends_on_roles() && *now.roles != *roles
    }

    /// Why the gateway is not ready while pods cannot be looked up.
    pub(crate) fn source_unavailable(&self) -> &'static str {
        match self {
            Self::Common(catalog) => catalog.source_unavailable(),
            Self::OfCallers(_) => "the API server is unavailable",
        }
    }

    /// Checks that pods can be looked up at all. May block.
    pub(crate) fn check(&self) -> io::Result<()> {
        match self {
            Self::Common(catalog) => catalog.check(),
            Self::OfCallers(catalogs) => catalogs.pods.check(),
        }
    }

    /// The name of the source.
    pub(crate) fn source_name(&self) -> &'static str {
        match self {
            Self::Common(catalog) => catalog.source_name(),
            Self::OfCallers(_) => "kubernetes",
        }
    }

    /// The nodes behind a front.
    pub(crate) fn nodes(&self) -> Option<&Arc<Nodes>> {
        match self {
            Self::Common(catalog) => catalog.nodes(),
            Self::OfCallers(_) => None,
        }
    }

    /// The nodes of which the present pods are not known, sorted.
    pub(crate) fn missing(&self) -> Vec<String> {
        self.nodes().map(|nodes| nodes.missing()).unwrap_or_default()
    }
}

impl CallerCatalogs {
    async fn of(
        &self,
        caller: &Caller,
        namespace: Option<&str>,
    ) -> Result<PodCatalog, CatalogError> {
        let namespaces = match namespace.map(str::parse::<Namespace>) {
            Some(Ok(namespace)) => vec![namespace],
            // No pod is in a namespace of no valid name.
            Some(Err(_)) | None => caller
                .namespaces_to_read()
                .filter(|named| named.len() <= MAX_NAMESPACES)
                .map_or_else(Vec::new, |named| named.into_iter().collect()),
        };
        let user = self.impersonation.user_of(caller);
        match self.pods.of(&user, namespaces).await {
            Ok(pods) => Ok(PodCatalog::new(PodSource::Cluster(pods), self.clock.clone())),
            Err(error) if error.is_forbidden() => Err(CatalogError::Refused(error)),
            Err(error) => Err(CatalogError::Unavailable(error)),
        }
    }
}
