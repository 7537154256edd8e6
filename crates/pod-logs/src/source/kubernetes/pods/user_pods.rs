//! The pods of a cluster as the API server shows them to single users.

use std::{
    collections::HashMap,
    io,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use tokio::{
    sync::Semaphore,
    time::{Instant, sleep, timeout},
};
use tracing::{Instrument, error_span};

use super::cluster_pods::ClusterPods;
use crate::{
    line::target::Namespace,
    merge_clock::MergeClock,
    source::kubernetes::api::{
        api_error::ApiError,
        api_server::{ApiServer, ImpersonatedUser},
    },
};

/// How long pods are kept after a request, so that a watch can begin where a list ended.
const KEPT: Duration = Duration::from_secs(60);
/// How many lists of pods are kept, of all users and of one.
const MAX_KEPT: [usize; 2] = [256, 16];
/// How many lists are asked for at once, and how long a request waits for that and for its list.
const MAX_LISTING: usize = 16;
const PATIENCE: Duration = Duration::from_secs(10);
/// How often the API server is asked whether it is there.
const PROBE_EVERY: Duration = Duration::from_secs(5);

/// Lists of pods, each of one user. No user gets what the API server has told another one.
#[derive(Debug)]
pub struct UserPods {
    server: ApiServer,
    clock: MergeClock,
    kept: Mutex<HashMap<ListKey, KeptPods>>,
    listing: Semaphore,
    /// Why the API server does not answer at present, if so.
    failure: Mutex<Option<String>>,
}

/// The user, and the namespaces that were asked for.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct ListKey {
    user: ImpersonatedUser,
    namespaces: Vec<Namespace>,
}

#[derive(Debug)]
struct KeptPods {
    pods: Arc<ClusterPods>,
    used: Instant,
}

impl UserPods {
    /// The pods of this API server. From now on a task asks whether it is there.
    #[must_use]
    pub fn new(server: ApiServer, clock: MergeClock) -> Arc<Self> {
        let pods = Arc::new(Self {
            server,
            clock,
            kept: Mutex::default(),
            listing: Semaphore::new(MAX_LISTING),
            failure: Mutex::new(Some("the API server has not answered yet".to_owned())),
        });
        tokio::spawn(probe(pods.clone()).instrument(error_span!("api_server")));
        pods
    }

    /// The pods of these namespaces that the API server shows to the user now; of all namespaces if
    /// none is given.
    ///
    /// # Errors
    /// When the user may list none of them, or the API server does not answer in time.
    pub async fn of(
        &self,
        user: &ImpersonatedUser,
        namespaces: Vec<Namespace>,
    ) -> Result<Arc<ClusterPods>, ApiError> {
        let pods = self.keep(ListKey { user: user.clone(), namespaces });
        let refreshing = async {
            // Never closed.
            let _place = self.listing.acquire().await;
            pods.refresh().await
        };
        timeout(PATIENCE, refreshing).await.map_err(|_| ApiError::TimedOut(PATIENCE))??;
        Ok(pods)
    }

    /// Checks that the API server is there.
    ///
    /// # Errors
    /// When it did not answer lately.
    pub fn check(&self) -> io::Result<()> {
        let failure = self.failure.lock().unwrap_or_else(PoisonError::into_inner);
        failure.as_ref().map_or(Ok(()), |failure| Err(io::Error::other(failure.clone())))
    }

    /// The list that is kept for the key, or a new one.
    fn keep(&self, key: ListKey) -> Arc<ClusterPods> {
        let now = Instant::now();
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        kept.retain(|_, list| now.duration_since(list.used) < KEPT);
        if let Some(list) = kept.get_mut(&key) {
            list.used = now;
            return list.pods.clone();
        }
        make_room(&mut kept, MAX_KEPT[1], |other| other.user == key.user);
        make_room(&mut kept, MAX_KEPT[0], |_| true);
        let server = self.server.for_user(Some(key.user.clone()));
        let pods = ClusterPods::of_user(server, self.clock.clone(), &key.namespaces);
        kept.insert(key, KeptPods { pods: pods.clone(), used: now });
        pods
    }
}

/// Drops the list that was not used for longest, if there are `max` of this kind. A watch of it goes
/// on.
fn make_room(
    kept: &mut HashMap<ListKey, KeptPods>,
    max: usize,
    is_of_kind: impl Fn(&ListKey) -> bool,
) {
    let of_kind = || kept.iter().filter(|(key, _)| is_of_kind(key));
    if of_kind().count() < max {
        return;
    }
    let oldest = of_kind().min_by_key(|(_, list)| list.used).map(|(key, _)| key.clone());
    if let Some(key) = oldest {
        kept.remove(&key);
    }
}

/// Asks again and again whether the API server is there.
async fn probe(pods: Arc<UserPods>) {
    loop {
        let failure = pods.server.object("/version").await.err();
        let failure = failure.filter(ApiError::is_passing).map(|error| error.to_string());
        *pods.failure.lock().unwrap_or_else(PoisonError::into_inner) = failure;
        sleep(PROBE_EVERY).await;
    }
}
