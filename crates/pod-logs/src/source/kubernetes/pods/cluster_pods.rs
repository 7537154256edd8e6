//! The pods of a cluster as one list and watch knows them: that of the gateway, or of a user.

use std::{
    fmt::Debug,
    io,
    sync::{Arc, Mutex, PoisonError, Weak},
};

use chrono::{DateTime, Utc};

use super::{
    following::{Following, refresh},
    pod_list::PodList,
    pod_scope::PodScope,
    reduced_pod::summary,
};
use crate::{
    line::target::{Namespace, PodRef},
    merge_clock::MergeClock,
    source::{
        kubernetes::api::{api_error::ApiError, api_server::ApiServer},
        pods::{
            inventory::{PodInventory, PodSurvey, TooOld},
            pod_change::PodsByName,
            pod_summary::{PodSummaries, PodSummary},
            pod_watch::PodWatch,
        },
    },
};

/// The pods of a cluster.
#[derive(Debug)]
pub struct ClusterPods {
    list: Arc<PodList>,
    /// What follows the pods of a user, while anything watches them.
    following: Mutex<Weak<Following>>,
}

impl ClusterPods {
    /// Watches the pods of the cluster from now on, on a task of its own.
    #[must_use]
    pub fn watched(server: ApiServer, clock: MergeClock) -> Arc<Self> {
        let list = Arc::new(PodList::new(server, clock, vec![PodScope::default()]));
        Following::start(&list).detach();
        Arc::new(Self { list, following: Mutex::default() })
    }

    /// The pods that a user may list, of these namespaces; of all if none is given. They are watched
    /// while a [`watch`](Self::watch) of them lasts, and not known before they are refreshed.
    pub(crate) fn of_user(
        server: ApiServer,
        clock: MergeClock,
        namespaces: &[Namespace],
    ) -> Arc<Self> {
        let mut scopes: Vec<_> = namespaces.iter().cloned().map(PodScope::of_namespace).collect();
        if scopes.is_empty() {
            scopes.push(PodScope::default());
        }
        let list = Arc::new(PodList::new(server, clock, scopes));
        Arc::new(Self { list, following: Mutex::default() })
    }

    /// Has the API server decide again which pods there are for the user. Namespaces whose pods the
    /// user may not list are left out.
    ///
    /// # Errors
    /// When it refuses all of them, or does not answer.
    pub(crate) async fn refresh(&self) -> Result<(), ApiError> {
        let (mut refusal, mut is_permitted) = (None, false);
        for scope in &self.list.scopes {
            match refresh(&self.list, scope).await {
                Ok(()) => is_permitted = true,
                Err(error) if error.is_forbidden() => {
                    self.list.forget(scope);
                    refusal = Some(error);
                }
                Err(error) => return Err(error),
            }
        }
        refusal.filter(|_| !is_permitted).map_or(Ok(()), Err)
    }

    /// Checks that the pods are known.
    ///
    /// # Errors
    /// When they are not listed yet, or the API server does not answer.
    pub fn check(&self) -> io::Result<()> {
        self.list.check()
    }

    /// The pods as they are known at the time `now`.
    ///
    /// # Errors
    /// When they are not listed yet.
    pub fn survey(&self, now: DateTime<Utc>) -> io::Result<PodSurvey> {
        if !self.list.is_listed() {
            self.check()?;
        }
        Ok(self.list.inventory.present(now))
    }

    /// The pods as they were at this version of the survey.
    ///
    /// # Errors
    /// When that is not known.
    pub fn pods_at(&self, version: u64) -> Result<PodsByName, TooOld> {
        self.list.inventory.pods_at(version)
    }

    /// Begins to wait for what changes after this version of the survey.
    ///
    /// # Errors
    /// When that is not known.
    pub fn watch(&self, version: u64) -> Result<PodWatch, TooOld> {
        if !self.list.server.is_for_user() {
            return self.list.inventory.watch(version);
        }
        let following: Arc<dyn Debug + Send + Sync> = self.followed();
        PodWatch::begin(&self.list.inventory, version, Some(following))
    }

    /// Begins to wait for what changes after the time `now`.
    pub(crate) fn watch_from_now(&self, now: DateTime<Utc>) -> io::Result<PodWatch> {
        let survey = self.survey(now)?;
        // The version was just given.
        self.watch(survey.version).map_err(|TooOld| io::Error::other("too old"))
    }

    /// Whether the API server refuses for the time being to tell of a pod.
    pub(crate) fn is_refused(&self, pod: &PodRef) -> bool {
        self.list.scopes.iter().any(|scope| scope.includes(pod) && scope.is_refused())
    }

    /// The pods as they are known.
    pub(crate) fn inventory(&self) -> &Arc<PodInventory> {
        &self.list.inventory
    }

    /// What follows the pods as long as it is held.
    fn followed(&self) -> Arc<Following> {
        let mut following = self.following.lock().unwrap_or_else(PoisonError::into_inner);
        following.upgrade().unwrap_or_else(|| {
            let started = Arc::new(Following::start(&self.list));
            *following = Arc::downgrade(&started);
            started
        })
    }

    /// The pods that `may_see` lets through, sorted by namespace and name.
    ///
    /// # Errors
    /// When they are not listed yet.
    pub fn summaries(
        &self,
        now: DateTime<Utc>,
        may_see: impl Fn(&PodRef) -> bool,
    ) -> io::Result<Vec<PodSummary>> {
        let survey = self.survey(now)?;
        let seen = survey.pods.values().filter(|pod| may_see(&pod.pod));
        Ok(seen.map(|pod| summary(pod)).collect())
    }

    /// All pods, sorted by namespace and name.
    ///
    /// # Errors
    /// When they are not listed yet.
    pub fn all(&self, now: DateTime<Utc>) -> io::Result<PodSummaries> {
        Ok(Arc::new(self.summaries(now, |_| true)?.into_iter().map(Arc::new).collect()))
    }
}
