//! Authorization requests that wait for a user.

use chrono::{DateTime, TimeDelta, Utc};

use crate::{
    network::Network,
    oidc::AuthorizationRequest,
    store::{
        errors::RequestError,
        handle::Store,
        sql::{SqlConnection, decode, query},
        unavailable::Unavailable,
        waiting::{WaitingTable, waiting_table},
    },
    tokens::TokenHash,
};

/// How long a request waits.
const WAITS: TimeDelta = TimeDelta::minutes(10);
/// Each request has 5 KiB at most.
const TABLE: WaitingTable = waiting_table!("authorization_requests", "hash", 100, 20_000);

impl Store {
    /// Stores an authorization request under the hash of its id, for ten minutes.
    ///
    /// # Errors
    /// When too many wait, or the database cannot be written.
    pub(crate) async fn store_request(
        &self,
        hash: TokenHash,
        request: &AuthorizationRequest,
        network: Network,
        now: DateTime<Utc>,
    ) -> Result<(), RequestError> {
        let parameters = serde_json::to_string(request).map_err(decode)?;
        let (client, network) = (request.client.to_string(), network.to_string());
        let add = async move |connection: &mut SqlConnection| {
            TABLE.make_room(connection, &network).await?;
            query(
                "INSERT INTO authorization_requests
                     (hash, client, network, parameters, created_at, expires_at)
                 VALUES ($1, $2, $3, $4, $5, $6)",
            )
            .bind(hash.as_bytes())
            .bind(client)
            .bind(network)
            .bind(parameters)
            .bind(now.timestamp_millis())
            .bind((now + WAITS).timestamp_millis())
            .execute(connection)
            .await?;
            Ok(())
        };
        self.database.write_addition(add).await
    }

    /// The authorization request whose id has this hash, if it still waits.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub(crate) async fn waiting_request(
        &self,
        hash: TokenHash,
        now: DateTime<Utc>,
    ) -> Result<Option<AuthorizationRequest>, Unavailable> {
        let find = query(
            "SELECT parameters FROM authorization_requests WHERE hash = $1 AND expires_at > $2",
        );
        let find = find.bind(hash.as_bytes()).bind(now.timestamp_millis());
        let found: Option<String> = find.fetch_optional(&mut self.reader().await?).await?;
        Ok(found.and_then(|parameters| serde_json::from_str(&parameters).ok()))
    }

    /// Forgets an authorization request, and tells whether it still waited.
    ///
    /// # Errors
    /// When the database cannot be written.
    pub(crate) async fn forget_request(&self, hash: TokenHash) -> Result<bool, Unavailable> {
        let forget =
            async move |connection: &mut SqlConnection| Ok(remove(connection, &hash).await?);
        self.database.write_addition(forget).await
    }
}

/// Removes a request, and tells whether it was there.
///
/// # Errors
/// When the database cannot be written.
pub(super) async fn remove(
    connection: &mut SqlConnection,
    hash: &TokenHash,
) -> Result<bool, sqlx::Error> {
    let remove = query("DELETE FROM authorization_requests WHERE hash = $1").bind(hash.as_bytes());
    Ok(remove.execute(connection).await? > 0)
}
