//! Records of tokens that Redis does not have, or that cannot be relied on: read from the database,
//! for all requests that wait together.

use std::{collections::HashMap, mem, sync::Arc, time::Duration};

use tokio::{
    sync::{mpsc, oneshot},
    time::timeout,
};
use tracing::{Instrument, error_span};

use super::changes::SessionTokenRow;
use crate::{
    sessions::{History, LiveSessions, SharedTokens, TokenRecord},
    store::{
        database::Database,
        sql::{Dialects, query},
        unavailable::Unavailable,
    },
    tokens::TokenHash,
};

/// How many tokens are looked for by one query.
const BATCH: usize = 500;
/// How many requests may wait.
const WAITING: usize = 16 * 1024;
/// How long the database may take.
const READ_TIME: Duration = Duration::from_millis(900);

/// Everything of a [`SessionTokenRow`], of live sessions, up to the set of hashes.
macro_rules! find {
    () => {
        "SELECT sessions.number, id, user_number, epoch, last_seen_at,
                coalesce(used_issued_at, created_at) AS used_issued_at, hash, issued_at,
                token.expires_at
         FROM session_tokens AS token JOIN live_sessions AS sessions ON sessions.number = session
         WHERE hash IN "
    };
}

/// The tokens that the database has, of a JSON array of hashes in hexadecimal.
const FIND: Dialects = Dialects {
    sqlite: concat!(find!(), "(SELECT unhex(value) FROM json_each($1))"),
    postgres: concat!(
        find!(),
        "(SELECT decode(value, 'hex') FROM json_array_elements_text($1::json) AS value)"
    ),
};

/// Asks for records. One query is in progress at a time; the next one serves all that wait for it.
#[derive(Debug, Clone)]
pub(in crate::store) struct Refills(mpsc::Sender<RefillRequest>);

struct RefillRequest {
    hash: TokenHash,
    answer: oneshot::Sender<Result<Option<TokenRecord>, Unavailable>>,
}

impl Refills {
    /// Starts the task that reads. It ends with the last clone.
    pub(in crate::store) fn start(live: Arc<LiveSessions>, database: Database) -> Self {
        let (requests, waiting) = mpsc::channel(WAITING);
        let refiller = Refiller { live, database, waiting };
        tokio::spawn(refiller.run().instrument(error_span!("refills")));
        Self(requests)
    }

    /// The record of a token as the database has it, which Redis will have soon. `None` if it is
    /// not the token of a live session. Read after the call.
    ///
    /// # Errors
    /// When the database cannot be read in time.
    pub(in crate::store) async fn refill(
        &self,
        hash: TokenHash,
    ) -> Result<Option<TokenRecord>, Unavailable> {
        let (answer, answered) = oneshot::channel();
        let request = RefillRequest { hash, answer };
        self.0.try_send(request).map_err(|_| Unavailable::Silent)?;
        answered.await.unwrap_or(Err(Unavailable::Silent))
    }
}

struct Refiller {
    live: Arc<LiveSessions>,
    database: Database,
    waiting: mpsc::Receiver<RefillRequest>,
}

impl Refiller {
    async fn run(mut self) {
        let mut requests = Vec::new();
        while self.waiting.recv_many(&mut requests, BATCH).await > 0 {
            let requests = mem::take(&mut requests);
            let found = timeout(READ_TIME, self.find(&requests)).await;
            let found = found.unwrap_or(Err(Unavailable::Silent));
            for RefillRequest { hash, answer } in requests {
                let record = found.as_ref().map(|found| found.get(&hash).copied());
                let _ = answer.send(record.map_err(Clone::clone));
            }
        }
    }

    async fn find(
        &self,
        requests: &[RefillRequest],
    ) -> Result<HashMap<TokenHash, TokenRecord>, Unavailable> {
        // Before the database is read: the records are of this history, or a later one.
        let shared = self.live.shared();
        let history = shared.and_then(SharedTokens::history);
        let hashes: Vec<_> = requests.iter().map(|request| request.hash.to_hex()).collect();
        let find = query(FIND).bind(serde_json::Value::from(hashes).to_string());
        let rows: Vec<SessionTokenRow> = find.fetch_all(&mut self.database.reader().await?).await?;
        let mut found = HashMap::new();
        for row in rows {
            let record = record(&row, history.unwrap_or(History::NONE));
            found.insert(row.token.hash, record);
            if let (Some(shared), Some(_)) = (shared, history) {
                shared.store(row.token.hash, record);
            }
        }
        Ok(found)
    }
}

fn record(row: &SessionTokenRow, history: History) -> TokenRecord {
    TokenRecord {
        history,
        session: row.session,
        id: row.id,
        user: row.user,
        epoch: row.epoch,
        issued_at: row.token.issued_at,
        expires_at: row.token.expires_at,
        last_seen_at: row.last_seen_at,
        used_issued_at: row.used_issued_at,
    }
}
