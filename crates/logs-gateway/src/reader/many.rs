//! Reading the logs of many pods.

use std::sync::Arc;

use pod_logs::{
    LocatedLogs, LogForm, LogQuery, LogReading, LogSelection, MergedCursor, SelectError,
};

use super::{LogReader, LogSource, ReadError, cluster_logs::AskedLogs, nothing_here};
use crate::{
    auth::Caller, many_choice::ManyChoice, pods::CatalogError, scans::ScanError, stream::LogStream,
};

/// The logs of many pods whose beginning was read.
pub(crate) struct BegunLogs {
    pub(crate) log: LogStream,
    /// How many pods they are of.
    pub(crate) pods: usize,
}

/// Why a caller gets no logs of many pods.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ReadManyError {
    /// The caller gets no list of pods.
    #[error(transparent)]
    Pods(#[from] CatalogError),
    /// There are more than one reading may be of.
    #[error("too many logs are asked for")]
    TooManyLogs,
    #[error(transparent)]
    Read(#[from] ReadError),
}

impl From<SelectError> for ReadManyError {
    fn from(error: SelectError) -> Self {
        match error {
            SelectError::TooManyLogs => Self::TooManyLogs,
            SelectError::Locate(error) => Self::Read(error.into()),
        }
    }
}

impl From<ScanError> for ReadManyError {
    fn from(error: ScanError) -> Self {
        Self::Read(error.into())
    }
}

impl LogReader {
    /// How many logs one reading may be of.
    pub(crate) fn max_logs(&self) -> usize {
        self.max_logs
    }

    /// Checks that the logs could be read, without reading more of them than it takes to find them.
    pub(crate) async fn check_many(
        &self,
        caller: &Caller,
        choice: &ManyChoice,
        query: &LogQuery,
        resumed: Option<MergedCursor>,
    ) -> Result<(), ReadManyError> {
        if let LogSource::Kubernetes(cluster) = &self.source {
            return cluster.check_many(caller, self.asked(caller, choice, resumed), query).await;
        }
        self.locate_many(caller, choice, query, resumed).await.map(drop)
    }

    /// Finds the logs that are asked for and that the caller may read.
    async fn locate_many(
        &self,
        caller: &Caller,
        choice: &ManyChoice,
        query: &LogQuery,
        resumed: Option<MergedCursor>,
    ) -> Result<LocatedLogs, ReadManyError> {
        let source = match &self.source {
            LogSource::Files(files) => files.clone(),
            LogSource::Nodes => return Err(ReadError::from(nothing_here()).into()),
            LogSource::Kubernetes(cluster) => {
                return cluster.open_many(caller, self.asked(caller, choice, resumed), query).await;
            }
        };
        let (selection, query) = (self.selection(caller, choice), query.clone());
        let clock = self.clock.clone();
        let find = move || source.find_many(selection, &query, resumed.as_ref(), &clock);
        Ok(self.scans.of_user(caller.username.clone()).request(find).await??)
    }

    /// Finds the logs and reads their beginning.
    pub(crate) async fn open_many(
        &self,
        caller: &Caller,
        choice: &ManyChoice,
        query: LogQuery,
        resumed: Option<MergedCursor>,
        form: LogForm,
    ) -> Result<BegunLogs, ReadManyError> {
        let located = self.locate_many(caller, choice, &query, resumed).await?;
        let (pods, cost) = (located.pod_count(), located.cost());
        let clock = self.clock.clone();
        let make = move || LogReading::of_many(located, &query, form, clock);
        let scans = self.scans.of_user(caller.username.clone());
        let log = LogStream::open(cost, scans, make).await?;
        Ok(BegunLogs { log, pods })
    }

    fn asked(
        &self,
        caller: &Caller,
        choice: &ManyChoice,
        resumed: Option<MergedCursor>,
    ) -> AskedLogs {
        let selection = self.selection(caller, choice);
        let namespace = choice.only_namespace().map(str::to_owned);
        AskedLogs { selection, namespace, resumed, clock: self.clock.clone() }
    }

    fn selection(&self, caller: &Caller, choice: &ManyChoice) -> LogSelection {
        let asked = choice.clone();
        LogSelection {
            includes: Arc::new(move |pod| asked.includes(pod)),
            may_read: caller.readable_pods(),
            labels: choice.labels(),
            container: choice.container.clone(),
            max_logs: self.max_logs,
            checksum: choice.checksum(),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use pod_logs::FilesSource;
    use service_runtime::clock::ManualClock;

    use super::*;

    #[tokio::test]
    async fn logs_are_counted_after_permissions() {
        let root = tempfile::tempdir().unwrap();
        for name in ["shop_web-0_1", "shop_web-1_2", "bank_web-0_3"] {
            fs::create_dir_all(root.path().join(name).join("app")).unwrap();
            fs::write(root.path().join(name).join("app/0.log"), "").unwrap();
        }
        let source = Arc::new(FilesSource::open(root.path(), &[]).unwrap());
        let clock = Arc::new(ManualClock::at(chrono::DateTime::UNIX_EPOCH));
        let reader = LogReader {
            max_logs: 2,
            ..LogReader::new(LogSource::Files(source), 1, 2, clock).unwrap()
        };
        let all = ManyChoice {
            namespaces: "*".parse().unwrap(),
            pods: "*".parse().unwrap(),
            container: None,
            labels: None,
        };
        let query = LogQuery { is_of_many: true, ..LogQuery::default() };
        let locate = async |permission: &str| {
            let caller = Caller::holding(permission);
            let located = reader.locate_many(&caller, &all, &query, None).await;
            located.map(|located| located.pod_count())
        };
        assert_eq!(locate("logs:read:shop/*").await.unwrap(), 2);
        assert_eq!(locate("logs:read:none/*").await.unwrap(), 0);
        assert!(matches!(locate("logs:read").await, Err(ReadManyError::TooManyLogs)));
    }
}
