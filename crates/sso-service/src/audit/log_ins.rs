//! Who logged in from where, as the database remembers it.

use std::net::IpAddr;

use chrono::{DateTime, Utc};
use uuid::Uuid;

use crate::store::{Database, Unavailable};

/// More than anybody remembers them for.
const MOST: u32 = 40_000;

/// A log-in of the past.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct PastLogIn {
    pub(crate) user_id: Uuid,
    pub(crate) ip: IpAddr,
    pub(crate) at: DateTime<Utc>,
}

/// The newest log-ins that are kept, in their order.
///
/// # Errors
/// When they cannot be read.
pub(crate) async fn past_log_ins(database: &Database) -> Result<Vec<PastLogIn>, Unavailable> {
    let mut reader = database.reader().await?;
    let newest_first: Vec<(String, String, String)> = sqlx::query_as(
        "SELECT event ->> 'user_id', event ->> 'ip', event ->> 'time' FROM audit
         WHERE event ->> 'audit' = 'login_ok' ORDER BY number DESC LIMIT ?",
    )
    .bind(MOST)
    .fetch_all(&mut *reader)
    .await?;
    // What cannot be read is forgotten: it costs its user a convenience.
    Ok(newest_first.iter().rev().filter_map(parse).collect())
}

fn parse((user_id, ip, at): &(String, String, String)) -> Option<PastLogIn> {
    Some(PastLogIn { user_id: user_id.parse().ok()?, ip: ip.parse().ok()?, at: at.parse().ok()? })
}

#[cfg(test)]
mod tests {
    use service_runtime::metrics::Metrics;

    use super::*;
    use crate::{
        audit::{AuditRows, Event, Kind, Source},
        store::{Location, Nobody},
        test_service::noon,
        users::Account,
    };

    #[tokio::test]
    async fn log_ins_are_read_back_and_nothing_else() {
        let database = Database::open(&Location::Memory, Nobody).await.unwrap();
        let (rows, task) = AuditRows::start(database.clone(), &Metrics::default());
        let user = Account::powerless(Uuid::from_u128(7), noon());
        for (kind, ip) in [
            (Kind::LoginOk, "192.0.2.1"),
            (Kind::LoginFailed, "192.0.2.2"),
            (Kind::LoginOk, "2001:db8::1"),
            (Kind::Logout, "192.0.2.1"),
        ] {
            let source = Source { ip: ip.parse().unwrap(), request_id: "r" };
            rows.keep(Event::new(kind, noon()).by(&user).at(source));
        }
        drop(rows);
        task.await.unwrap();
        let log_in =
            |ip: &str| PastLogIn { user_id: user.user_id, ip: ip.parse().unwrap(), at: noon() };
        let past = past_log_ins(&database).await.unwrap();
        assert_eq!(past, [log_in("192.0.2.1"), log_in("2001:db8::1")]);
    }
}
