//! The keys that sign JWTs.

use chrono::DateTime;
use sqlx::{FromRow, Row, SqliteConnection, query, query_as, sqlite::SqliteRow};
use zeroize::Zeroizing;

use super::store::SqliteStore;
use crate::{
    signing_keys::{NewSigningKey, SigningKeyRecord, StoredPrivateKey},
    store::{
        attribution::{Attribution, Recorded},
        errors::AuthorizedError,
        unavailable::Unavailable,
    },
};

impl SqliteStore {
    /// All signing keys, in the order in which they sign.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub(crate) async fn signing_keys(&self) -> Result<Vec<SigningKeyRecord>, Unavailable> {
        let keys = query_as(
            "SELECT number, id, signs_from, private_key, sealed FROM signing_keys
             ORDER BY signs_from, number",
        );
        Ok(keys.fetch_all(&mut *self.reader().await?).await?)
    }

    /// Adds a signing key after the one of this number, which is 0 for the first key. Adds nothing if
    /// another process has added one meanwhile.
    ///
    /// # Errors
    /// When the database cannot be written.
    pub(crate) async fn add_signing_key(
        &self,
        key: NewSigningKey,
        after: i64,
    ) -> Result<(), Unavailable> {
        let add = async move |connection: &mut SqliteConnection| {
            let (bytes, sealed) = stored(&key.private_key);
            query(
                "INSERT INTO signing_keys (id, signs_from, private_key, sealed)
                 SELECT ?, ?, ?, ?
                 WHERE coalesce((SELECT max(number) FROM signing_keys), 0) = ?",
            )
            .bind(key.id.to_string())
            .bind(key.signs_from.timestamp_millis())
            .bind(bytes)
            .bind(sealed)
            .bind(after)
            .execute(connection)
            .await?;
            Ok(())
        };
        self.database.write(add).await
    }

    /// Replaces a private key by its other form.
    ///
    /// # Errors
    /// When the database cannot be written.
    pub(crate) async fn replace_private_key(
        &self,
        number: i64,
        private_key: StoredPrivateKey,
    ) -> Result<(), Unavailable> {
        let replace = async move |connection: &mut SqliteConnection| {
            let (bytes, sealed) = stored(&private_key);
            query("UPDATE signing_keys SET private_key = ?, sealed = ? WHERE number = ?")
                .bind(bytes)
                .bind(sealed)
                .bind(number)
                .execute(connection)
                .await?;
            Ok(())
        };
        self.database.write(replace).await
    }

    /// Deletes all signing keys.
    ///
    /// # Errors
    /// When the author may not, or the database cannot be written.
    pub(crate) async fn delete_signing_keys(
        &self,
        by: Attribution,
    ) -> Result<Recorded<()>, AuthorizedError<Unavailable>> {
        let delete = async move |connection: &mut SqliteConnection| {
            query("DELETE FROM signing_keys").execute(connection).await?;
            Ok(())
        };
        self.write_attributed(by, delete).await
    }

    /// Deletes the signing key of this number.
    ///
    /// # Errors
    /// When the database cannot be written.
    pub(crate) async fn delete_signing_key(&self, number: i64) -> Result<(), Unavailable> {
        let delete = async move |connection: &mut SqliteConnection| {
            let delete = query("DELETE FROM signing_keys WHERE number = ?").bind(number);
            delete.execute(connection).await?;
            Ok(())
        };
        self.database.write(delete).await
    }
}

/// A private key as its row has it, and whether it is sealed.
fn stored(private_key: &StoredPrivateKey) -> (&[u8], bool) {
    match private_key {
        StoredPrivateKey::Plain(key) => (key, false),
        StoredPrivateKey::Sealed(key) => (key, true),
    }
}

impl<'r> FromRow<'r, SqliteRow> for SigningKeyRecord {
    fn from_row(row: &'r SqliteRow) -> Result<Self, sqlx::Error> {
        let id: &str = row.try_get("id")?;
        let signs_from = DateTime::from_timestamp_millis(row.try_get("signs_from")?);
        let bytes: Vec<u8> = row.try_get("private_key")?;
        Ok(Self {
            number: row.try_get("number")?,
            id: id.parse().map_err(|error: uuid::Error| sqlx::Error::Decode(error.into()))?,
            signs_from: signs_from
                .ok_or_else(|| sqlx::Error::Decode("an instant beyond the calendar".into()))?,
            private_key: match row.try_get("sealed")? {
                true => StoredPrivateKey::Sealed(bytes),
                false => StoredPrivateKey::Plain(Zeroizing::new(bytes)),
            },
        })
    }
}
