//! The signing keys of the service, in memory.

use std::{sync::Arc, time::Duration};

use arc_swap::ArcSwap;
use chrono::{DateTime, SubsecRound, TimeDelta, Utc};
use serde::Serialize;
use service_runtime::clock::{Clock, id_at};
use tokio::time::interval;
use uuid::Uuid;
use zeroize::Zeroizing;

use super::signing_error::SigningError;
use crate::{
    signing_keys::{
        CryptographyError, JwtType, KeySchedule, NewSigningKey, PublicKey, RsaPublicKey,
        RsaSigningKey, SecretKey, SigningAlgorithm, SigningKey, SigningKeyRecord, StoredPrivateKey,
        generate_private_key,
    },
    store::Store,
};

/// How old the keys in memory may be. Much less than a key is published ahead: a process that slept
/// for days reads them again first.
const FRESH_FOR: TimeDelta = TimeDelta::hours(1);
/// How often it is checked whether a key is to be created or deleted.
const ROTATION_PERIOD: Duration = Duration::from_secs(60);

/// The signing keys, which are created, published, used and deleted in time.
#[derive(Debug)]
pub(crate) struct SigningKeys {
    store: Store,
    clock: Arc<dyn Clock>,
    secret: Option<SecretKey>,
    rsa_key: Option<RsaSigningKey>,
    known: ArcSwap<KnownKeys>,
}

/// The keys as they were read.
#[derive(Debug)]
struct KnownKeys {
    read_at: DateTime<Utc>,
    /// In the order in which they sign.
    keys: Vec<SigningKey>,
    schedule: KeySchedule,
}

impl SigningKeys {
    /// Reads the keys, seals those that are not yet, and creates one if there is none.
    ///
    /// # Errors
    /// When the secret is not the one that keys were sealed with, or the database cannot be read or
    /// written.
    pub(crate) async fn open(
        store: Store,
        clock: Arc<dyn Clock>,
        secret: Option<SecretKey>,
    ) -> Result<Self, SigningError> {
        let none = KnownKeys::new(clock.now(), Vec::new());
        let known = ArcSwap::from_pointee(none);
        let keys = Self { store, clock, secret, rsa_key: None, known };
        keys.seal_plain_keys().await?;
        keys.rotate().await?;
        Ok(keys)
    }

    /// The same with a key for RS256.
    #[must_use]
    pub(crate) fn with_rsa_key(mut self, key: Option<RsaSigningKey>) -> Self {
        self.rsa_key = key;
        self
    }

    /// Creates the next key if it is time, deletes keys whose tokens are over, and reads what other
    /// processes changed.
    ///
    /// # Errors
    /// When the database cannot be read or written. The known keys stay in use.
    pub(crate) async fn rotate(&self) -> Result<(), SigningError> {
        let records = self.read().await?;
        let schedule = KeySchedule::new(records.iter().map(|record| record.signs_from));
        let now = self.clock.now();
        if let Some(start) = schedule.due(now) {
            let newest = records.iter().map(|record| record.number).max();
            self.create(start.trunc_subsecs(3), newest.unwrap_or_default()).await?;
            self.read().await?;
        }
        for (place, record) in records.iter().enumerate() {
            if !schedule.is_published(place, now) {
                self.store.delete_signing_key(record.number).await?;
                tracing::info!(key_id = %record.id, "deleted a signing key");
            }
        }
        Ok(())
    }

    /// Rotates the keys once a minute, until it is dropped. What fails is tried again.
    pub(crate) async fn keep_rotating(&self) {
        let mut ticks = interval(ROTATION_PERIOD);
        loop {
            ticks.tick().await;
            if let Err(error) = self.rotate().await {
                tracing::warn!(%error, "cannot rotate the signing keys");
            }
        }
    }

    /// An access token with these claims, signed with the present key.
    ///
    /// # Errors
    /// When the keys in memory are old and cannot be read again.
    pub(crate) async fn sign(
        &self,
        claims: &impl Serialize,
    ) -> Result<Zeroizing<String>, SigningError> {
        self.sign_as(JwtType::Access, claims).await
    }

    /// Checks that an ID token of this algorithm could be signed now, before a code is spent for it.
    ///
    /// # Errors
    /// As [`SigningKeys::sign_id_token`].
    pub(crate) async fn check_id_tokens(
        &self,
        algorithm: Option<SigningAlgorithm>,
    ) -> Result<(), SigningError> {
        if self.clock.is_doubtful() {
            return Err(SigningError::DoubtfulTime);
        }
        match (algorithm, &self.rsa_key) {
            (Some(SigningAlgorithm::Rs256), None) => Err(SigningError::NoRsaKey),
            (Some(SigningAlgorithm::Es256), _) | (None, None) => self.fresh().await.map(|_| ()),
            (_, Some(_)) => Ok(()),
        }
    }

    /// An ID token with these claims: of this algorithm, else RS256 if there is a key for it.
    ///
    /// # Errors
    /// As [`SigningKeys::sign`], and when RS256 is demanded without a key.
    pub(crate) async fn sign_id_token(
        &self,
        algorithm: Option<SigningAlgorithm>,
        claims: &impl Serialize,
    ) -> Result<Zeroizing<String>, SigningError> {
        self.sign_for_client(JwtType::Id, algorithm, claims).await
    }

    /// A logout token with these claims, of the algorithm of the client's ID tokens.
    ///
    /// # Errors
    /// As [`SigningKeys::sign_id_token`].
    pub(crate) async fn sign_logout_token(
        &self,
        algorithm: Option<SigningAlgorithm>,
        claims: &impl Serialize,
    ) -> Result<Zeroizing<String>, SigningError> {
        self.sign_for_client(JwtType::Logout, algorithm, claims).await
    }

    async fn sign_for_client(
        &self,
        typ: JwtType,
        algorithm: Option<SigningAlgorithm>,
        claims: &impl Serialize,
    ) -> Result<Zeroizing<String>, SigningError> {
        match (algorithm, &self.rsa_key) {
            (Some(SigningAlgorithm::Es256), _) | (None, None) => self.sign_as(typ, claims).await,
            (Some(SigningAlgorithm::Rs256), None) => Err(SigningError::NoRsaKey),
            (_, Some(_)) if self.clock.is_doubtful() => Err(SigningError::DoubtfulTime),
            (_, Some(key)) => Ok(key.sign(typ, claims)?),
        }
    }

    async fn sign_as(
        &self,
        typ: JwtType,
        claims: &impl Serialize,
    ) -> Result<Zeroizing<String>, SigningError> {
        if self.clock.is_doubtful() {
            return Err(SigningError::DoubtfulTime);
        }
        let known = self.fresh().await?;
        let key = known.keys.get(known.schedule.signing(self.clock.now()));
        Ok(key.ok_or(SigningError::NoKey)?.sign(typ, claims)?)
    }

    /// The public key for RS256, if there is one.
    pub(crate) fn rsa_public_key(&self) -> Option<&RsaPublicKey> {
        self.rsa_key.as_ref().map(RsaSigningKey::public)
    }

    /// The public keys to verify tokens with, in the order in which they sign.
    ///
    /// # Errors
    /// When the keys in memory are old and cannot be read again.
    pub(crate) async fn published(&self) -> Result<Vec<PublicKey>, SigningError> {
        let (known, now) = (self.fresh().await?, self.clock.now());
        let published = known.keys.iter().enumerate();
        let published = published.filter(|(place, _)| known.schedule.is_published(*place, now));
        Ok(published.map(|(_, key)| key.public().clone()).collect())
    }

    async fn fresh(&self) -> Result<Arc<KnownKeys>, SigningError> {
        if self.clock.now() - self.known.load().read_at > FRESH_FOR {
            self.read().await?;
        }
        Ok(self.known.load_full())
    }

    /// Reads all keys into memory.
    async fn read(&self) -> Result<Vec<SigningKeyRecord>, SigningError> {
        let read_at = self.clock.now();
        let records = self.store.signing_keys().await?;
        let keys: Result<Vec<_>, _> = records.iter().map(|record| self.open_key(record)).collect();
        self.known.store(Arc::new(KnownKeys::new(read_at, keys?)));
        Ok(records)
    }

    fn open_key(&self, record: &SigningKeyRecord) -> Result<SigningKey, SigningError> {
        let key = match (&record.private_key, &self.secret) {
            (StoredPrivateKey::Plain(key), _) => SigningKey::new(record, key),
            (StoredPrivateKey::Sealed(_), None) => return Err(SigningError::SecretMissing),
            (StoredPrivateKey::Sealed(sealed), Some(secret)) => {
                let key = secret.open(record.id, sealed).ok_or(SigningError::WrongSecret)?;
                SigningKey::new(record, &key)
            }
        };
        key.ok_or(SigningError::Corrupt(record.id))
    }

    async fn create(&self, signs_from: DateTime<Utc>, after: i64) -> Result<(), SigningError> {
        let id = id_at(self.clock.now());
        let private_key = self.stored(id, generate_private_key()?)?;
        let key = NewSigningKey { id, signs_from, private_key };
        self.store.add_signing_key(key, after).await?;
        tracing::info!(key_id = %id, %signs_from, "created a signing key");
        Ok(())
    }

    /// A private key as it is to be stored.
    fn stored(
        &self,
        id: Uuid,
        private_key: Zeroizing<Vec<u8>>,
    ) -> Result<StoredPrivateKey, CryptographyError> {
        match &self.secret {
            None => Ok(StoredPrivateKey::Plain(private_key)),
            Some(secret) => Ok(StoredPrivateKey::Sealed(secret.seal(id, &private_key)?)),
        }
    }

    /// Seals the keys that were stored before there was a secret.
    async fn seal_plain_keys(&self) -> Result<(), SigningError> {
        let Some(secret) = &self.secret else {
            return Ok(());
        };
        for record in self.store.signing_keys().await? {
            if let StoredPrivateKey::Plain(key) = &record.private_key {
                let sealed = StoredPrivateKey::Sealed(secret.seal(record.id, key)?);
                self.store.replace_private_key(record.number, sealed).await?;
            }
        }
        Ok(())
    }
}

impl KnownKeys {
    fn new(read_at: DateTime<Utc>, keys: Vec<SigningKey>) -> Self {
        let schedule = KeySchedule::new(keys.iter().map(|key| key.signs_from));
        Self { read_at, keys, schedule }
    }
}
