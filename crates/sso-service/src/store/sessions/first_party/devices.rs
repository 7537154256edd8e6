//! Devices that wait for a user (RFC 8628).

use chrono::{DateTime, Utc};

use super::begin::begin_vouched;
use crate::{
    oidc::{ClientId, DeviceOutcome, DeviceRequest, NewDeviceRequest, UserCode, VouchedTokens},
    sessions::{LiveSessions, SessionLimits},
    store::{
        clients::{SessionFacts, is_vouched, judge},
        errors::{CodeError, RequestError, VouchError},
        handle::Store,
        sql::{FromSqlRow, SqlConnection, SqlRow, instant, query},
        unavailable::Unavailable,
        waiting::{WaitingTable, waiting_table},
    },
    tokens::TokenHash,
};

const TABLE: WaitingTable = waiting_table!("device_requests", "hash", 20, 10_000);

impl Store {
    /// Stores the request of a device.
    ///
    /// # Errors
    /// When too many wait, or the database cannot be written.
    pub(crate) async fn add_device_request(
        &self,
        request: NewDeviceRequest,
    ) -> Result<(), RequestError> {
        let add =
            async move |connection: &mut SqlConnection| add_request(connection, &request).await;
        self.database.write_addition(add).await
    }

    /// The request of the device with this code, if it waits.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub(crate) async fn waiting_device(
        &self,
        code: &UserCode,
        now: DateTime<Utc>,
    ) -> Result<Option<DeviceRequest>, Unavailable> {
        let find = query(
            "SELECT ip, created_at FROM device_requests
             WHERE user_code = $1 AND expires_at > $2 AND session IS NULL AND NOT refused",
        );
        let find = find.bind(code.letters()).bind(now.timestamp_millis());
        Ok(find.fetch_optional(&mut self.reader().await?).await?)
    }

    /// Lets the device with this code begin a session that this session vouches for.
    ///
    /// # Errors
    /// When the device does not wait any more, the session has ended or may not vouch, or the
    /// database cannot be written.
    pub(crate) async fn approve_device(
        &self,
        code: UserCode,
        session: i64,
        now: DateTime<Utc>,
    ) -> Result<(), CodeError> {
        let (live, shared) = (self.live.clone(), self.database.is_shared());
        let approve = async move |connection: &mut SqlConnection| {
            let facts = SessionFacts::find(connection, session, now).await?;
            let Some(facts) = facts else {
                return Err(CodeError::SessionOver);
            };
            let holder = judge(connection, facts, ClientId::KubectlSso, now, &live, shared).await?;
            if holder.is_none() || is_vouched(connection, session).await? {
                return Err(CodeError::SessionOver);
            }
            let approve = query(
                "UPDATE device_requests SET session = $3
                 WHERE user_code = $1 AND expires_at > $2 AND session IS NULL AND NOT refused",
            );
            let approve = approve.bind(code.letters()).bind(now.timestamp_millis()).bind(session);
            match approve.execute(connection).await? {
                0 => Err(CodeError::RequestOver),
                _ => Ok(()),
            }
        };
        self.database.write_addition(approve).await
    }

    /// Tells the device with this code that its user refused. Tells whether it still waited.
    ///
    /// # Errors
    /// When the database cannot be written.
    pub(crate) async fn refuse_device(
        &self,
        code: UserCode,
        now: DateTime<Utc>,
    ) -> Result<bool, Unavailable> {
        let refuse = async move |connection: &mut SqlConnection| {
            let refuse = query(
                "UPDATE device_requests SET refused = TRUE
                 WHERE user_code = $1 AND expires_at > $2 AND session IS NULL AND NOT refused",
            );
            let refuse = refuse.bind(code.letters()).bind(now.timestamp_millis());
            Ok::<_, Unavailable>(refuse.execute(connection).await? > 0)
        };
        self.database.write_addition(refuse).await
    }

    /// The state of the request with this device code. If its user has agreed, its session begins.
    ///
    /// # Errors
    /// When there are too many sessions, the database cannot be read or written, or the session that
    /// vouches is of unknown state.
    pub(crate) async fn begin_by_device(
        &self,
        device: TokenHash,
        tokens: VouchedTokens,
    ) -> Result<DeviceOutcome, VouchError> {
        // Most requests come before the user has decided: they wait for no writer.
        let stored = find(&mut self.reader().await?, &device).await?;
        match stored {
            Some(stored) if stored.is_approved(tokens.now) => {}
            stored => return Ok(outcome(stored, tokens.now)),
        }
        let (live, limits) = (self.live.clone(), self.limits);
        let shared = self.database.is_shared();
        let begin = async move |connection: &mut SqlConnection| {
            begin(connection, &device, &tokens, limits, &live, shared).await
        };
        self.database.write_addition(begin).await
    }
}

async fn add_request(
    connection: &mut SqlConnection,
    request: &NewDeviceRequest,
) -> Result<(), RequestError> {
    let network = request.network.to_string();
    TABLE.make_room(connection, &network).await?;
    // Another device may have the code, however seldom that is.
    let added = query(
        "INSERT INTO device_requests (hash, user_code, network, ip, created_at, expires_at)
         VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT DO NOTHING",
    )
    .bind(request.hash.as_bytes())
    .bind(request.user_code.letters())
    .bind(network)
    .bind(request.ip.to_string())
    .bind(request.now.timestamp_millis())
    .bind(request.expires_at.timestamp_millis())
    .execute(connection)
    .await?;
    if added == 0 { Err(RequestError::TooMany) } else { Ok(()) }
}

async fn begin(
    connection: &mut SqlConnection,
    device: &TokenHash,
    tokens: &VouchedTokens,
    limits: SessionLimits,
    live: &LiveSessions,
    shared: bool,
) -> Result<DeviceOutcome, VouchError> {
    let now = tokens.now;
    let stored = find(connection, device).await?;
    let approved = stored.as_ref().filter(|stored| stored.is_approved(now));
    let Some(voucher) = approved.and_then(|stored| stored.session) else {
        return Ok(outcome(stored, now));
    };
    let remove = query("DELETE FROM device_requests WHERE hash = $1").bind(device.as_bytes());
    remove.execute(&mut *connection).await?;
    let Some(voucher) = SessionFacts::find(connection, voucher, now).await? else {
        return Ok(DeviceOutcome::Expired);
    };
    let client = ClientId::KubectlSso;
    let Some(holder) = judge(connection, voucher.clone(), client, now, live, shared).await? else {
        return Ok(DeviceOutcome::Expired);
    };
    let begun = begin_vouched(connection, &voucher, holder, tokens, limits, live).await?;
    Ok(DeviceOutcome::Begun(Box::new(begun)))
}

/// A stored request.
struct StoredDevice {
    expires_at: i64,
    /// Of the user who agreed.
    session: Option<i64>,
    refused: bool,
}

impl StoredDevice {
    fn is_approved(&self, now: DateTime<Utc>) -> bool {
        self.session.is_some() && now.timestamp_millis() < self.expires_at
    }
}

/// The state of a request whose user has not agreed.
fn outcome(stored: Option<StoredDevice>, now: DateTime<Utc>) -> DeviceOutcome {
    match stored {
        None => DeviceOutcome::Unknown,
        Some(stored) if stored.refused => DeviceOutcome::Refused,
        Some(stored) if stored.expires_at <= now.timestamp_millis() => DeviceOutcome::Expired,
        Some(_) => DeviceOutcome::Waiting,
    }
}

async fn find(
    connection: &mut SqlConnection,
    device: &TokenHash,
) -> Result<Option<StoredDevice>, sqlx::Error> {
    let find = query("SELECT expires_at, session, refused FROM device_requests WHERE hash = $1");
    find.bind(device.as_bytes()).fetch_optional(connection).await
}

impl FromSqlRow for StoredDevice {
    fn from_row(row: &SqlRow) -> Result<Self, sqlx::Error> {
        Ok(Self {
            expires_at: row.get("expires_at")?,
            session: row.get("session")?,
            refused: row.get("refused")?,
        })
    }
}

impl FromSqlRow for DeviceRequest {
    fn from_row(row: &SqlRow) -> Result<Self, sqlx::Error> {
        Ok(Self { ip: row.get("ip")?, created_at: instant(row.get("created_at")?)? })
    }
}
