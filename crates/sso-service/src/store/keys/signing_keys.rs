//! The keys that sign JWTs.

use zeroize::Zeroizing;

use crate::{
    signing_keys::{NewSigningKey, SigningKeyRecord, StoredPrivateKey},
    store::{
        attribution::{Attribution, Recorded},
        errors::AuthorizedError,
        handle::Store,
        sql::{FromSqlRow, SqlConnection, SqlRow, decode, instant, query},
        unavailable::Unavailable,
    },
};

impl Store {
    /// All signing keys, in the order in which they sign.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub(crate) async fn signing_keys(&self) -> Result<Vec<SigningKeyRecord>, Unavailable> {
        let keys = query(
            "SELECT number, id, signs_from, private_key, sealed FROM signing_keys
             ORDER BY signs_from, number",
        );
        Ok(keys.fetch_all(&mut self.reader().await?).await?)
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
        let add = async move |connection: &mut SqlConnection| {
            let (bytes, sealed) = stored(&key.private_key);
            query(
                "INSERT INTO signing_keys (id, signs_from, private_key, sealed)
                 SELECT $1, $2, $3, $4
                 WHERE coalesce((SELECT max(number) FROM signing_keys), 0) = $5",
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
        self.database.write_addition(add).await
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
        let replace = async move |connection: &mut SqlConnection| {
            let (bytes, sealed) = stored(&private_key);
            query("UPDATE signing_keys SET private_key = $1, sealed = $2 WHERE number = $3")
                .bind(bytes)
                .bind(sealed)
                .bind(number)
                .execute(connection)
                .await?;
            Ok(())
        };
        self.database.write_addition(replace).await
    }

    /// Deletes all signing keys.
    ///
    /// # Errors
    /// When the author may not, or the database cannot be written.
    pub(crate) async fn delete_signing_keys(
        &self,
        by: Attribution,
    ) -> Result<Recorded<()>, AuthorizedError<Unavailable>> {
        let delete = async move |connection: &mut SqlConnection| {
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
        let delete = async move |connection: &mut SqlConnection| {
            let delete = query("DELETE FROM signing_keys WHERE number = $1").bind(number);
            delete.execute(connection).await?;
            Ok(())
        };
        self.database.write_addition(delete).await
    }
}

/// A private key as its row has it, and whether it is sealed.
fn stored(private_key: &StoredPrivateKey) -> (&[u8], bool) {
    match private_key {
        StoredPrivateKey::Plain(key) => (key, false),
        StoredPrivateKey::Sealed(key) => (key, true),
    }
}

impl FromSqlRow for SigningKeyRecord {
    fn from_row(row: &SqlRow) -> Result<Self, sqlx::Error> {
        let id: &str = row.get("id")?;
        let bytes: Vec<u8> = row.get("private_key")?;
        Ok(Self {
            number: row.get("number")?,
            id: id.parse().map_err(|error: uuid::Error| decode(error))?,
            signs_from: instant(row.get("signs_from")?)?,
            private_key: match row.get("sealed")? {
                true => StoredPrivateKey::Sealed(bytes),
                false => StoredPrivateKey::Plain(Zeroizing::new(bytes)),
            },
        })
    }
}
