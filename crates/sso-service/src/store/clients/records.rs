//! The clients of OpenID Connect.

use std::str::FromStr;

use chrono::{DateTime, SubsecRound, Utc};
use uuid::Uuid;

use crate::{
    oidc::{CallbackUri, ClientId, ClientSettings, ClientUpdate, NewClient, OidcClient},
    page::{Page, Part},
    signing_keys::SigningAlgorithm,
    store::{
        attribution::{Attribution, Recorded},
        errors::{AuthorizedError, ClientError},
        handle::Store,
        sql::{FromSqlRow, SqlConnection, SqlRow, decode, instant, lines, query},
        unavailable::Unavailable,
    },
    tokens::TokenHash,
};

/// Every column of an [`OidcClient`].
macro_rules! select_clients {
    ($condition:literal) => {
        concat!(
            "SELECT id, name, secret_hash, redirect_uris, post_logout_redirect_uris,
                    backchannel_logout_uri, roles, id_token_alg, created_by, created_at
             FROM clients ",
            $condition
        )
    };
}

impl Store {
    /// A page of registered clients, the oldest first.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub(crate) async fn clients(&self, part: &Part<Uuid>) -> Result<Page<OidcClient>, Unavailable> {
        let select = select_clients!("WHERE id > $1 AND id <> 'kubectl-sso' ORDER BY id LIMIT $2");
        self.page(select, part, |client: &OidcClient| client.id.to_string()).await
    }

    /// The client of this id.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub(crate) async fn client(&self, id: ClientId) -> Result<Option<OidcClient>, Unavailable> {
        Ok(client_by_id(&mut self.reader().await?, id).await?)
    }

    /// Creates a client.
    ///
    /// # Errors
    /// When the author may not, another client has the name, a role does not exist, or the database
    /// cannot be written.
    pub(crate) async fn create_client(
        &self,
        client: NewClient,
        now: DateTime<Utc>,
        by: Attribution,
    ) -> Result<Recorded<OidcClient>, AuthorizedError<ClientError>> {
        let create = async move |connection: &mut SqlConnection| {
            create_client(connection, client, now).await
        };
        self.write_attributed(by, create).await
    }

    /// Changes the client of this id, whose name is added to the events.
    ///
    /// # Errors
    /// As for [`Store::create_client`], and when the client does not exist.
    pub(crate) async fn update_client(
        &self,
        id: Uuid,
        update: ClientUpdate,
        by: Attribution,
    ) -> Result<Recorded<OidcClient>, AuthorizedError<ClientError>> {
        let Attribution { authorization, events } = by;
        let change = async move |connection: &mut SqlConnection| {
            let client = update_client(connection, id, update).await?;
            let name = client.settings.name.as_str();
            let events = events.into_iter().map(|event| event.on(name)).collect();
            Ok((client, events))
        };
        self.write_authorized(authorization, change).await
    }

    /// Deletes the client of this id with everything that it was given; its name is added to the
    /// events. Tells whether there was one.
    ///
    /// # Errors
    /// When the author may not, or the database cannot be written.
    pub(crate) async fn delete_client(
        &self,
        id: Uuid,
        by: Attribution,
    ) -> Result<Recorded<bool>, AuthorizedError<Unavailable>> {
        let delete = async move |connection: &mut SqlConnection| {
            let delete = query("DELETE FROM clients WHERE id = $1 RETURNING name");
            delete.bind(id.to_string()).fetch_optional(connection).await
        };
        self.write_deletion(by, delete, |event, name: &String| event.on(name)).await
    }

    /// As [`Store::delete_client`], by the name of the client.
    ///
    /// # Errors
    /// As [`Store::delete_client`].
    pub(crate) async fn delete_client_named(
        &self,
        name: String,
        by: Attribution,
    ) -> Result<Recorded<bool>, AuthorizedError<Unavailable>> {
        let delete = async move |connection: &mut SqlConnection| {
            let delete =
                query("DELETE FROM clients WHERE name = $1 AND id <> 'kubectl-sso' RETURNING name");
            delete.bind(name).fetch_optional(connection).await
        };
        self.write_deletion(by, delete, |event, _: &String| event).await
    }
}

/// The client of this id.
///
/// # Errors
/// When the database cannot be read.
pub(super) async fn client_by_id(
    connection: &mut SqlConnection,
    id: ClientId,
) -> Result<Option<OidcClient>, sqlx::Error> {
    query(select_clients!("WHERE id = $1")).bind(id.to_string()).fetch_optional(connection).await
}

async fn create_client(
    connection: &mut SqlConnection,
    client: NewClient,
    now: DateTime<Utc>,
) -> Result<OidcClient, ClientError> {
    check(connection, client.id, &client.settings).await?;
    let new = OidcClient {
        id: client.id,
        secret: client.secret,
        settings: client.settings,
        created_by: client.created_by,
        created_at: now.trunc_subsecs(3),
    };
    query(
        "INSERT INTO clients (id, secret_hash, created_by, created_at, name, redirect_uris,
                              post_logout_redirect_uris, backchannel_logout_uri, roles, id_token_alg)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
    )
    .bind(new.id.to_string())
    .bind(new.secret.map(|hash| hash.as_bytes().to_vec()))
    .bind(&new.created_by)
    .bind(new.created_at.timestamp_millis())
    .bind(new.settings.name.as_str())
    .bind(listed(&new.settings.redirect_uris))
    .bind(listed(&new.settings.post_logout_redirect_uris))
    .bind(new.settings.backchannel_logout_uri.as_ref().map(CallbackUri::as_str))
    .bind(listed(&new.settings.roles))
    .bind(new.settings.id_token_alg.map(SigningAlgorithm::as_str))
    .execute(connection)
    .await?;
    Ok(new)
}

async fn update_client(
    connection: &mut SqlConnection,
    id: Uuid,
    update: ClientUpdate,
) -> Result<OidcClient, ClientError> {
    let id = ClientId::Registered(id);
    let found = client_by_id(connection, id).await?;
    let mut client = found.ok_or(ClientError::NoSuchClient)?;
    client.settings.change(update);
    check(connection, id, &client.settings).await?;
    query(
        "UPDATE clients SET name = $2, redirect_uris = $3, post_logout_redirect_uris = $4,
                            backchannel_logout_uri = $5, roles = $6, id_token_alg = $7
         WHERE id = $1",
    )
    .bind(id.to_string())
    .bind(client.settings.name.as_str())
    .bind(listed(&client.settings.redirect_uris))
    .bind(listed(&client.settings.post_logout_redirect_uris))
    .bind(client.settings.backchannel_logout_uri.as_ref().map(CallbackUri::as_str))
    .bind(listed(&client.settings.roles))
    .bind(client.settings.id_token_alg.map(SigningAlgorithm::as_str))
    .execute(connection)
    .await?;
    Ok(client)
}

/// Checks the settings against other rows. Nobody else writes meanwhile.
async fn check(
    connection: &mut SqlConnection,
    id: ClientId,
    settings: &ClientSettings,
) -> Result<(), ClientError> {
    let taken = query("SELECT EXISTS (SELECT 1 FROM clients WHERE name = $1 AND id <> $2)");
    let taken = taken.bind(settings.name.as_str()).bind(id.to_string());
    if taken.fetch_one(&mut *connection).await? {
        return Err(ClientError::NameTaken(settings.name.clone()));
    }
    for role in &settings.roles {
        let known = query("SELECT EXISTS (SELECT 1 FROM roles WHERE name = $1)");
        if !known.bind(role.as_str()).fetch_one(&mut *connection).await? {
            return Err(ClientError::UnknownRole(role.as_str().to_owned()));
        }
    }
    Ok(())
}

/// One a line.
fn listed(items: &[impl ToString]) -> String {
    let lines: Vec<_> = items.iter().map(ToString::to_string).collect();
    lines.join("\n")
}

impl FromSqlRow for OidcClient {
    fn from_row(row: &SqlRow) -> Result<Self, sqlx::Error> {
        let secret: Option<&[u8]> = row.get("secret_hash")?;
        Ok(Self {
            id: parsed(row.get("id")?)?,
            secret: secret.map(|hash| TokenHash::read(hash).ok_or_else(wrong_hash)).transpose()?,
            settings: ClientSettings::from_row(row)?,
            created_by: row.get("created_by")?,
            created_at: instant(row.get("created_at")?)?,
        })
    }
}

impl FromSqlRow for ClientSettings {
    fn from_row(row: &SqlRow) -> Result<Self, sqlx::Error> {
        let backchannel: Option<&str> = row.get("backchannel_logout_uri")?;
        let algorithm: Option<&str> = row.get("id_token_alg")?;
        Ok(Self {
            name: parsed(row.get("name")?)?,
            redirect_uris: parsed_lines(row, "redirect_uris")?,
            post_logout_redirect_uris: parsed_lines(row, "post_logout_redirect_uris")?,
            backchannel_logout_uri: backchannel.map(parsed).transpose()?,
            roles: parsed_lines(row, "roles")?,
            id_token_alg: algorithm.map(parsed).transpose()?,
        })
    }
}

fn parsed<T: FromStr<Err: ToString>>(text: &str) -> Result<T, sqlx::Error> {
    text.parse().map_err(|fault: T::Err| decode(fault.to_string()))
}

fn parsed_lines<T: FromStr<Err: ToString>>(
    row: &SqlRow,
    column: &str,
) -> Result<Vec<T>, sqlx::Error> {
    lines(row, column)?.iter().map(|line| parsed(line)).collect()
}

fn wrong_hash() -> sqlx::Error {
    decode("a hash of another length")
}
