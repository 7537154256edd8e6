//! Standbys, which stream from a cluster.

use std::sync::atomic::Ordering;

use super::{
    super::{
        daemon::{ServerDirectory, Tool},
        loopback::own_address,
    },
    cluster::{Postgres, data},
    programs::program,
};
use crate::harness::{patience, until};

impl Postgres {
    /// A standby that follows, and confirms nothing.
    pub(crate) async fn standby(&self) -> Self {
        self.named_standby(&self.next_name()).await
    }

    /// A standby that has each commit on its disk before the client has the answer.
    pub(crate) async fn synchronous_standby(&self) -> Self {
        let name = self.next_name();
        let standby = self.named_standby(&name).await;
        self.set("synchronous_standby_names", &name).await;
        self.until_true(&format!(
            "SELECT sync_state = 'sync' FROM pg_stat_replication WHERE application_name = '{name}'"
        ))
        .await;
        standby
    }

    fn next_name(&self) -> String {
        format!("standby_{}", self.standbys.fetch_add(1, Ordering::Relaxed))
    }

    /// A copy of this cluster that streams over the socket of this one, which keeps what the copy
    /// still needs. The start of the copy synchronizes it to disk.
    async fn named_standby(&self, name: &str) -> Self {
        let directory = ServerDirectory::new();
        let connection = format!("{} application_name={name}", self.socket());
        Tool::in_their_account(&program("pg_basebackup"))
            .args(["--dbname", &connection, "--create-slot", "--slot", name, "--pgdata"])
            .arg(data(directory.path()))
            .args([
                "--checkpoint=fast",
                "--wal-method=stream",
                "--write-recovery-conf",
                "--no-sync",
            ])
            .run()
            .await
            .unwrap();
        let mut standby = Self::over(directory, own_address());
        standby.start_daemon().await;
        standby.until_true("SELECT status = 'streaming' FROM pg_stat_wal_receiver").await;
        standby
    }

    /// Makes this standby stop following: it lacks what its primary commits from now on.
    pub(crate) async fn detach(&self) {
        self.set("primary_conninfo", "").await;
        self.until_true("SELECT count(*) = 0 FROM pg_stat_wal_receiver").await;
    }

    /// Makes this standby a primary that waits for no other standby. The old primary must not run.
    pub(crate) async fn promote(&self) {
        self.set("synchronous_standby_names", "").await;
        assert_eq!(self.sql("SELECT pg_promote()").await, "t");
    }

    /// Changes a setting of the running server.
    async fn set(&self, setting: &str, value: &str) {
        self.sql(&format!("ALTER SYSTEM SET {setting} = '{value}'")).await;
        self.sql("SELECT pg_reload_conf()").await;
    }

    async fn until_true(&self, query: &str) {
        let holds = async || (self.sql(query).await == "t").then_some(());
        until(query, patience(), holds).await;
    }
}
