//! The route table: every method of every path, and its handler.

use actix_web::http::Method;
use service_runtime::http::{RouteRow, openapi};
use strum::VariantArray;

use super::{
    kubeconfig,
    kubernetes::{discovery, events, log, namespaces, pods as kubernetes_pods, reviews, workloads},
    logs, pods, viewer, whoami,
};

/// A method of a path. The router and the tests of authorisation read the same table, so that a new
/// route cannot be left out of either.
#[derive(Debug, Clone, Copy, PartialEq, Eq, VariantArray)]
#[expect(missing_docs, reason = "the table below says what each route is")]
pub enum Route {
    // Readers of logs.
    ReadLogs,
    ReadLog,
    ReadLogInNamespace,
    ListPods,
    WhoAmI,
    Kubeconfig,

    // The page on which people read logs.
    Viewer,
    ViewerFile,
    ViewerFileInFolder,

    // The documentation of this table.
    ApiDocument,
    ApiPage,
    ApiPageFile,

    // Kubernetes clients, without a credential.
    KubernetesVersion,

    // Kubernetes clients. The router tries patterns in this order: what is asked for most is first.
    ReadKubernetesLog,
    CoreVersions,
    CoreResources,
    ListNamespaces,
    ReadNamespace,
    ListAllKubernetesPods,
    ListKubernetesPods,
    ReadKubernetesPod,
    ReadKubernetesLogWithSlash,
    ListAllEvents,
    ListEvents,
    Groups,
    AppsResources,
    BatchResources,
    ReadDaemonSet,
    ReadDeployment,
    ReadReplicaSet,
    ReadStatefulSet,
    ReadJob,
    AuthorizationResources,
    AuthenticationResources,
    ReviewAccess,
    ReviewRules,
    ReviewSelf,
}

/// The interface that a route belongs to, which decides how its caller is authenticated and how its
/// errors look.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Api {
    /// Bearer tokens and cookies; problems.
    Gateway,
    /// No credential; problems.
    Pages,
    /// No credential; Kubernetes' errors.
    KubernetesVersion,
    /// Bearer tokens; Kubernetes' errors, at `/api`.
    KubernetesCore,
    /// Bearer tokens; Kubernetes' errors, at `/apis`.
    KubernetesGroups,
}

impl Route {
    /// All routes.
    pub const ALL: &'static [Self] = Self::VARIANTS;

    /// The path, whose parameters are in braces.
    #[must_use]
    pub fn path(self) -> &'static str {
        self.row().path()
    }

    /// The methods.
    #[must_use]
    pub fn methods(self) -> &'static [Method] {
        self.row().methods()
    }

    pub(super) fn api(self) -> Api {
        match self.path() {
            path if path.starts_with("/apis") => Api::KubernetesGroups,
            path if path.starts_with("/api") => Api::KubernetesCore,
            "/version" => Api::KubernetesVersion,
            "/" | "/openapi.json" => Api::Pages,
            path if path.starts_with("/docs") || path.starts_with("/assets") => Api::Pages,
            _ => Api::Gateway,
        }
    }

    /// The row of this route.
    pub(super) fn row(self) -> RouteRow {
        match self {
            Self::ReadLogs => RouteRow::get("/logs", logs::of_many),
            Self::ReadLog => RouteRow::get("/logs/{pod}", logs::of_pod),
            Self::ReadLogInNamespace => {
                RouteRow::get("/logs/{namespace}/{pod}", logs::of_pod_in_namespace)
            }
            Self::ListPods => RouteRow::get("/pods", pods::list),
            Self::WhoAmI => RouteRow::get("/whoami", whoami::get),
            Self::Kubeconfig => RouteRow::get("/kubeconfig", kubeconfig::get),

            Self::Viewer => RouteRow::get("/", viewer::page),
            Self::ViewerFile => RouteRow::get("/assets/{version}/{file}", viewer::file),
            Self::ViewerFileInFolder => {
                RouteRow::get("/assets/{version}/{folder}/{file}", viewer::file_in_folder)
            }

            Self::ApiDocument => RouteRow::get("/openapi.json", openapi::served_document),
            Self::ApiPage => RouteRow::get("/docs", openapi::page),
            Self::ApiPageFile => RouteRow::get("/docs/{file}", openapi::asset),

            Self::KubernetesVersion => RouteRow::get_only("/version", discovery::version),

            Self::CoreVersions => RouteRow::get_only("/api", discovery::core_versions),
            Self::CoreResources => RouteRow::get_only("/api/v1", discovery::core_resources),
            Self::ListNamespaces => RouteRow::get_only("/api/v1/namespaces", namespaces::list),
            Self::ReadNamespace => {
                RouteRow::get_only("/api/v1/namespaces/{namespace}", namespaces::read)
            }
            Self::ListAllKubernetesPods => {
                RouteRow::get_only("/api/v1/pods", kubernetes_pods::list_everywhere)
            }
            Self::ListKubernetesPods => {
                RouteRow::get_only("/api/v1/namespaces/{namespace}/pods", kubernetes_pods::list)
            }
            Self::ReadKubernetesPod => RouteRow::get_only(
                "/api/v1/namespaces/{namespace}/pods/{pod}",
                kubernetes_pods::read,
            ),
            Self::ReadKubernetesLog => {
                RouteRow::get_only("/api/v1/namespaces/{namespace}/pods/{pod}/log", log::read)
            }
            Self::ReadKubernetesLogWithSlash => {
                RouteRow::get_only("/api/v1/namespaces/{namespace}/pods/{pod}/log/", log::read)
            }
            Self::ListAllEvents => RouteRow::get_only("/api/v1/events", events::list_everywhere),
            Self::ListEvents => {
                RouteRow::get_only("/api/v1/namespaces/{namespace}/events", events::list)
            }
            Self::Groups => RouteRow::get_only("/apis", discovery::groups),
            Self::AppsResources => RouteRow::get_only("/apis/apps/v1", discovery::apps_resources),
            Self::BatchResources => {
                RouteRow::get_only("/apis/batch/v1", discovery::batch_resources)
            }
            Self::ReadDaemonSet => RouteRow::get_only(
                "/apis/apps/v1/namespaces/{namespace}/daemonsets/{name}",
                workloads::daemon_set,
            ),
            Self::ReadDeployment => RouteRow::get_only(
                "/apis/apps/v1/namespaces/{namespace}/deployments/{name}",
                workloads::deployment,
            ),
            Self::ReadReplicaSet => RouteRow::get_only(
                "/apis/apps/v1/namespaces/{namespace}/replicasets/{name}",
                workloads::replica_set,
            ),
            Self::ReadStatefulSet => RouteRow::get_only(
                "/apis/apps/v1/namespaces/{namespace}/statefulsets/{name}",
                workloads::stateful_set,
            ),
            Self::ReadJob => RouteRow::get_only(
                "/apis/batch/v1/namespaces/{namespace}/jobs/{name}",
                workloads::job,
            ),
            Self::AuthorizationResources => RouteRow::get_only(
                "/apis/authorization.k8s.io/v1",
                discovery::authorization_resources,
            ),
            Self::AuthenticationResources => RouteRow::get_only(
                "/apis/authentication.k8s.io/v1",
                discovery::authentication_resources,
            ),
            Self::ReviewAccess => RouteRow::post(
                "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews",
                reviews::access,
            ),
            Self::ReviewRules => RouteRow::post(
                "/apis/authorization.k8s.io/v1/selfsubjectrulesreviews",
                reviews::rules,
            ),
            Self::ReviewSelf => RouteRow::post(
                "/apis/authentication.k8s.io/v1/selfsubjectreviews",
                reviews::self_subject_review,
            ),
        }
    }
}
