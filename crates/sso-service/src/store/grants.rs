//! Grants: permissions until a time.

use chrono::{DateTime, SubsecRound, Utc};
use service_runtime::clock::id_at;
use uuid::Uuid;

use super::handle::Store;
use crate::{
    audit::Event,
    grants::{Grant, NewGrant},
    page::{Page, Part},
    store::{
        attribution::{Attribution, Recorded},
        errors::{AuthorizedError, GrantError},
        sql::{FromSqlRow, SqlConnection, SqlRow, decode, instant, query},
        unavailable::Unavailable,
    },
};

impl Store {
    /// A page of grants, the oldest first.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub(crate) async fn grants(&self, part: &Part<Uuid>) -> Result<Page<Grant>, Unavailable> {
        let select = "SELECT grants.id, username, permission, expires_at, reason, granted_by,
                             grants.created_at
                      FROM grants JOIN users ON users.number = user_number
                      WHERE grants.id > $1 ORDER BY grants.id LIMIT $2";
        self.page(select, part, |grant: &Grant| grant.id.to_string()).await
    }

    /// Creates a grant. It is in force at the user's next validation.
    ///
    /// # Errors
    /// When the author may not, the user does not exist, or the database cannot be written.
    pub(crate) async fn create_grant(
        &self,
        grant: NewGrant,
        now: DateTime<Utc>,
        by: Attribution,
    ) -> Result<Recorded<Grant>, AuthorizedError<GrantError>> {
        let create =
            async move |connection: &mut SqlConnection| create_grant(connection, grant, now).await;
        self.write_attributed(by, create).await
    }

    /// Deletes the grant of this id, whose user and permission are added to the events. Tells
    /// whether there was one.
    ///
    /// # Errors
    /// When the author may not, or the database cannot be written.
    pub(crate) async fn delete_grant(
        &self,
        id: Uuid,
        by: Attribution,
    ) -> Result<Recorded<bool>, AuthorizedError<Unavailable>> {
        let delete = async move |connection: &mut SqlConnection| {
            let delete = "DELETE FROM grants WHERE id = $1
                 RETURNING (SELECT username FROM users WHERE number = user_number), permission";
            query(delete).bind(id.to_string()).fetch_optional(connection).await
        };
        let name = |event: Event, (username, permission): &(String, String)| {
            event.on(username).asking(permission)
        };
        self.write_deletion(by, delete, name).await
    }
}

async fn create_grant(
    connection: &mut SqlConnection,
    grant: NewGrant,
    now: DateTime<Utc>,
) -> Result<Grant, GrantError> {
    let user = query("SELECT number FROM users WHERE username = $1");
    let user: Option<i64> =
        user.bind(grant.username.as_str()).fetch_optional(&mut *connection).await?;
    let Some(user) = user else {
        return Err(GrantError::NoSuchUser(grant.username));
    };
    let grant = Grant {
        id: id_at(now),
        username: grant.username.as_str().to_owned(),
        permission: grant.permission.to_string(),
        expires_at: grant.expires_at.trunc_subsecs(3),
        reason: grant.reason.as_str().to_owned(),
        granted_by: grant.granted_by,
        created_at: now.trunc_subsecs(3),
    };
    query(
        "INSERT INTO grants (id, user_number, permission, expires_at, reason, granted_by, created_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7)",
    )
    .bind(grant.id.to_string())
    .bind(user)
    .bind(&grant.permission)
    .bind(grant.expires_at.timestamp_millis())
    .bind(&grant.reason)
    .bind(&grant.granted_by)
    .bind(grant.created_at.timestamp_millis())
    .execute(connection)
    .await?;
    Ok(grant)
}

impl FromSqlRow for Grant {
    fn from_row(row: &SqlRow) -> Result<Self, sqlx::Error> {
        let id: &str = row.get("id")?;
        Ok(Self {
            id: id.parse().map_err(|error: uuid::Error| decode(error))?,
            username: row.get("username")?,
            permission: row.get("permission")?,
            expires_at: instant(row.get("expires_at")?)?,
            reason: row.get("reason")?,
            granted_by: row.get("granted_by")?,
            created_at: instant(row.get("created_at")?)?,
        })
    }
}
