//! The operation of each route. A new route does not compile until it has one.

use pod_logs::WorkloadKind;
use service_runtime::http::openapi::{
    ApiOperation, asset_operation, document_operation, page_operation,
};

use super::{
    kubernetes_operations as kubernetes, kubernetes_workloads as workloads, reading, viewer,
};
use crate::http::routes::Route;

/// The operation of a route.
pub(super) fn operation(route: Route) -> ApiOperation {
    match route {
        Route::ReadLogs => reading::read_logs(),
        Route::ReadLog => reading::read_log(),
        Route::ReadLogInNamespace => reading::read_log_in_namespace(),
        Route::ListPods => reading::list_pods(),
        Route::WhoAmI => reading::who_am_i(),
        Route::Kubeconfig => reading::kubeconfig(),

        Route::Viewer => viewer::page(),
        Route::ViewerFile => viewer::file(),
        Route::ViewerFileInFolder => viewer::file_in_folder(),

        Route::ApiDocument => document_operation(),
        Route::ApiPage => page_operation(),
        Route::ApiPageFile => asset_operation(),

        Route::KubernetesVersion => kubernetes::version(),

        Route::CoreVersions => kubernetes::core_versions(),
        Route::CoreResources => kubernetes::core_resources(),
        Route::ListNamespaces => kubernetes::list_namespaces(),
        Route::ReadNamespace => kubernetes::read_namespace(),
        Route::ListAllKubernetesPods => kubernetes::list_all_pods(),
        Route::ListKubernetesPods => kubernetes::list_pods(),
        Route::ReadKubernetesPod => kubernetes::read_pod(),
        Route::ReadKubernetesLog => kubernetes::read_log("kubernetes_read_log"),
        Route::ReadKubernetesLogWithSlash => kubernetes::read_log("kubernetes_read_log_slash"),
        Route::ListAllEvents => kubernetes::list_all_events(),
        Route::ListEvents => kubernetes::list_events(),
        Route::Groups => kubernetes::groups(),
        Route::AppsResources => workloads::apps_resources(),
        Route::BatchResources => workloads::batch_resources(),
        Route::ReadDaemonSet => workloads::read_workload(WorkloadKind::DaemonSet),
        Route::ReadDeployment => workloads::read_workload(WorkloadKind::Deployment),
        Route::ReadReplicaSet => workloads::read_workload(WorkloadKind::ReplicaSet),
        Route::ReadStatefulSet => workloads::read_workload(WorkloadKind::StatefulSet),
        Route::ReadJob => workloads::read_workload(WorkloadKind::Job),
        Route::AuthorizationResources => kubernetes::authorization_resources(),
        Route::AuthenticationResources => kubernetes::authentication_resources(),
        Route::ReviewAccess => kubernetes::review_access(),
        Route::ReviewRules => kubernetes::review_rules(),
        Route::ReviewSelf => kubernetes::review_self(),
    }
}
