//! One refresh token, presented at several instances at the same time.

use futures_util::future::join_all;
use libtest_mimic::Trial;

use super::named;
use crate::{databases::Postgres, fleet::Fleet, history::Told};

/// How many sessions are renewed.
const SESSIONS: usize = 12;
/// How often each instance is asked to renew one.
const TIMES: usize = 3;

pub(super) fn trials() -> Vec<Trial> {
    named!("refreshes", [a_refresh_token_has_one_successor_whichever_instances_are_asked])
}

async fn a_refresh_token_has_one_successor_whichever_instances_are_asked() {
    let database = Postgres::shared().await.database().await;
    let fleet = Fleet::start(3, &database.url()).await;
    let client = fleet.client();
    let person = client.create_person().await;
    for at in 0..SESSIONS {
        let session = client.log_in(at % fleet.count(), &person).await.unwrap();
        let instances = (0..fleet.count()).cycle().take(TIMES * fleet.count());
        let renewed = join_all(instances.map(|at| client.refresh(at, &session))).await;
        let first = renewed[0].as_ref().unwrap();
        assert!(renewed.iter().flatten().all(|one| one.is_same(first)), "{renewed:?}");
        assert_eq!(renewed.iter().flatten().count(), TIMES * fleet.count());
        for token in [first, &session] {
            let told = client.validate_everywhere(token).await;
            assert!(told.iter().all(|told| matches!(told, Some(Told::Yes { .. }))), "{told:?}");
        }
    }
    eprintln!("{}", fleet.history.check());
}
