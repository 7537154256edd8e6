//! What knows the pods and their logs, as it is configured.

use std::{io, sync::Arc};

use pod_logs::{
    ApiServer, ClusterPods, ConnectError, FilesSource, KubernetesSource, MergeClock, OpenRootError,
    UserPods,
};
use service_runtime::{clock::Clock, service::ProcessState, tls::LivePair};

use crate::{
    config::{KubernetesSettings, LogFileSettings, NodesSettings, ReadingSettings, SourceSettings},
    impersonation::Impersonation,
    nodes::{NodeTarget, Nodes},
    pods::{CallerCatalogs, PodCatalog, PodCatalogs, PodSource},
    reader::{ClusterLogs, LogReader, LogSource},
};

/// What knows the pods and their logs.
pub(crate) struct Sources {
    pub(crate) pods: PodCatalogs,
    pub(crate) reader: LogReader,
    /// The name of the node whose files are read.
    pub(crate) node_name: Option<Arc<str>>,
    pub(crate) front: Option<FrontNodes>,
}

/// The nodes of a front, and where to look for them.
#[derive(Debug)]
pub(crate) struct FrontNodes {
    pub(crate) nodes: Arc<Nodes>,
    pub(crate) targets: Vec<NodeTarget>,
}

/// The source cannot be opened.
#[derive(Debug, thiserror::Error)]
pub(crate) enum OpenSourceError {
    /// The log directory cannot be opened.
    #[error("GATEWAY_LOGS_DIR or GATEWAY_LOGS_ROOTS: {0}")]
    Logs(#[from] OpenRootError),
    /// The credentials for the API server cannot be used.
    #[error("GATEWAY_KUBECONFIG: {0}")]
    Kubernetes(#[from] ConnectError),
    /// The operating system gives no thread, or TLS cannot be set up.
    #[error("cannot start: {0}")]
    Io(#[from] io::Error),
}

impl Sources {
    /// Opens the source. `node_name` is that of the node, for a source that is on one. Has to be
    /// called within a tokio runtime.
    ///
    /// # Errors
    /// When the log directory cannot be opened, the credentials for the API server cannot be used, or
    /// the operating system gives no thread.
    pub(crate) fn open(
        source: SourceSettings,
        reading: ReadingSettings,
        node_name: Option<String>,
        process: &ProcessState,
    ) -> Result<Self, OpenSourceError> {
        match source {
            SourceSettings::Files(settings) => {
                let node_name = node_name.map(Arc::from);
                Self::of_files(&settings, reading, node_name, process)
            }
            SourceSettings::Nodes(settings) => Ok(Self::of_nodes(settings, reading, process)?),
            SourceSettings::Kubernetes(settings) => Self::of_cluster(&settings, reading, process),
        }
    }

    fn of_cluster(
        settings: &KubernetesSettings,
        reading: ReadingSettings,
        process: &ProcessState,
    ) -> Result<Self, OpenSourceError> {
        let server = ApiServer::connect(settings.kubeconfig.as_deref())?;
        let impersonation = settings.impersonation.clone().map(Impersonation::new);
        let clock = process.clock.clone();
        let merge_clock = MergeClock::new(move || clock.now());
        let pods = match impersonation.clone() {
            None => common(
                PodSource::Cluster(ClusterPods::watched(server.clone(), merge_clock)),
                process,
            ),
            Some(impersonation) => PodCatalogs::OfCallers(CallerCatalogs {
                pods: UserPods::new(server.clone(), merge_clock),
                impersonation,
                clock: process.clock.clone(),
            }),
        };
        let logs = ClusterLogs::new(KubernetesSource::new(server), impersonation, pods.clone());
        Ok(Self {
            pods,
            reader: reader(LogSource::Kubernetes(logs), reading, process)?,
            node_name: None,
            front: None,
        })
    }

    fn of_files(
        settings: &LogFileSettings,
        reading: ReadingSettings,
        node_name: Option<Arc<str>>,
        process: &ProcessState,
    ) -> Result<Self, OpenSourceError> {
        let files = open_logs(settings)?;
        let files = node_name.iter().fold(files, |files, name| files.on_node(name.clone()));
        let files = Arc::new(files);
        Ok(Self {
            pods: common(PodSource::Files(files.clone()), process),
            reader: reader(LogSource::Files(files), reading, process)?,
            node_name,
            front: None,
        })
    }

    fn of_nodes(
        settings: NodesSettings,
        reading: ReadingSettings,
        process: &ProcessState,
    ) -> io::Result<Self> {
        let NodesSettings { targets, certificate, trust, timeout } = settings;
        let own =
            certificate.map(|(files, pair)| LivePair::start_client(files, pair, &process.metrics));
        let tls = own.map_or_else(|| trust.client_config(), |own| trust.client_config_showing(own));
        let tls = tls.map_err(io::Error::other)?;
        let nodes = Arc::new(Nodes::new(tls, timeout, process.clock.clone()));
        nodes.register(&process.metrics);
        let condition = nodes.clone();
        process
            .readiness
            .require("not all nodes have answered yet", move || condition.has_settled());
        Ok(Self {
            pods: common(PodSource::Nodes(nodes.clone()), process),
            reader: reader(LogSource::Nodes, reading, process)?,
            node_name: None,
            front: Some(FrontNodes { nodes, targets }),
        })
    }
}

/// The catalog that all callers share.
fn common(source: PodSource, process: &ProcessState) -> PodCatalogs {
    PodCatalogs::Common(PodCatalog::new(source, process.clock.clone()))
}

fn reader(
    source: LogSource,
    reading: ReadingSettings,
    process: &ProcessState,
) -> io::Result<LogReader> {
    let ReadingSettings { max_scans, max_pods_per_stream, .. } = reading;
    LogReader::new(source, max_scans, max_pods_per_stream, process.clock.clone())
}

/// Checks what the settings alone do not show: that the log directory can be opened, or the
/// kubeconfig used.
///
/// # Errors
/// When it cannot.
pub(crate) fn check_source(settings: &SourceSettings) -> Result<(), OpenSourceError> {
    match settings {
        SourceSettings::Files(files) => Ok(open_logs(files).map(drop)?),
        SourceSettings::Nodes(_) => Ok(()),
        SourceSettings::Kubernetes(settings) => {
            Ok(ApiServer::check(settings.kubeconfig.as_deref())?)
        }
    }
}

fn open_logs(settings: &LogFileSettings) -> Result<FilesSource, OpenRootError> {
    FilesSource::open(&settings.directory, &settings.roots)
}
