//! Sessions of the first-party client, for codes and device codes.

use chrono::{DateTime, TimeDelta, Utc};
use shared_types::{BearerToken, TokenKind};

use super::{
    error::{BeginError, GrantRefusal},
    service::OidcProvider,
    tokens::PresentedCode,
};
use crate::{
    audit::{Event, Kind, Source},
    authority::LoggedIn,
    network::Network,
    oidc::{
        client::{ClientId, OidcClient},
        first_party::{
            CodeOutcome, DeviceOutcome, DeviceRequest, NewDeviceRequest, UserCode, VouchedSession,
            VouchedTokens,
        },
        random_text::RandomText,
    },
    sessions::{Client, Principal},
    store::{CodeError, RequestError, Unavailable},
    tokens::{PlainToken, TokenHash},
};

/// How long a device waits for its user.
const DEVICE_LIFETIME: TimeDelta = TimeDelta::minutes(10);

/// What a device is told (RFC 8628, section 3.2).
#[derive(Debug)]
pub(crate) struct WaitingDevice {
    pub(crate) device_code: RandomText,
    pub(crate) user_code: UserCode,
    pub(crate) expires_in: TimeDelta,
}

/// The tokens of a session that may begin.
struct FreshTokens {
    token: PlainToken,
    refresh_token: PlainToken,
    now: DateTime<Utc>,
}

impl OidcProvider {
    /// Exchanges a code of the first-party client for a session.
    ///
    /// # Errors
    /// When the code is not valid, there are too many sessions, or it cannot be written.
    pub(crate) async fn begin_by_code(
        &self,
        client: &OidcClient,
        presented: PresentedCode<'_>,
        at: Client,
        from: Source<'_>,
    ) -> Result<LoggedIn, GrantRefusal> {
        let fresh = FreshTokens::generate(self.now())?;
        let presented = presented.of(client.id, fresh.now);
        match self.store.begin_by_code(presented, self.vouched_tokens(&fresh, at)).await? {
            CodeOutcome::Begun(begun) => Ok(self.begun(client, *begun, fresh, from)),
            CodeOutcome::Reused(reused, _) => {
                let (account, session_id) = (&reused.account, reused.session_id);
                self.record(Kind::ClientTokenReused, client, account, session_id, from);
                Err(GrantRefusal::InvalidGrant)
            }
            CodeOutcome::Refused => Err(GrantRefusal::InvalidGrant),
        }
    }

    /// Begins the request of a device at this address.
    ///
    /// # Errors
    /// When too many wait, there is no randomness, or it cannot be written.
    pub(crate) async fn add_device(&self, at: &Client) -> Result<WaitingDevice, BeginError> {
        let (device_code, user_code) = (RandomText::generate()?, UserCode::generate()?);
        let now = self.now();
        let request = NewDeviceRequest {
            hash: device_code.hash(),
            user_code: user_code.clone(),
            network: Network::of(at.ip),
            ip: at.ip,
            now,
            expires_at: now + DEVICE_LIFETIME,
        };
        match self.store.add_device_request(request).await {
            Ok(()) => Ok(WaitingDevice { device_code, user_code, expires_in: DEVICE_LIFETIME }),
            Err(RequestError::TooMany) => Err(BeginError::TooMany),
            Err(RequestError::Unavailable(error)) => Err(error.into()),
        }
    }

    /// Exchanges a device code for a session, once its user has agreed.
    ///
    /// # Errors
    /// When the user has not agreed yet, or never will; when the device asks too often; when there
    /// are too many sessions, or it cannot be written.
    pub(crate) async fn begin_by_device(
        &self,
        client: &OidcClient,
        device_code: &str,
        at: Client,
        from: Source<'_>,
    ) -> Result<LoggedIn, GrantRefusal> {
        let fresh = FreshTokens::generate(self.now())?;
        let device = TokenHash::of(device_code);
        let tokens = self.vouched_tokens(&fresh, at);
        let refusal = match self.store.begin_by_device(device, tokens).await? {
            DeviceOutcome::Waiting if self.polls.is_too_early(device, fresh.now) => {
                return Err(GrantRefusal::TooEarly);
            }
            DeviceOutcome::Waiting => return Err(GrantRefusal::Undecided),
            DeviceOutcome::Begun(begun) => {
                self.polls.forget(&device);
                return Ok(self.begun(client, *begun, fresh, from));
            }
            DeviceOutcome::Refused => GrantRefusal::Denied,
            DeviceOutcome::Expired => GrantRefusal::DeviceExpired,
            DeviceOutcome::Unknown => GrantRefusal::InvalidGrant,
        };
        self.polls.forget(&device);
        Err(refusal)
    }

    /// The device that waits with the code that a user typed, if it is one.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub(crate) async fn waiting_device(
        &self,
        code: Option<&UserCode>,
        user: &Principal,
    ) -> Result<GuessedDevice, Unavailable> {
        let (user, now) = (user.account.user_id, self.now());
        if !self.guesses.begin(user, now) {
            return Ok(GuessedDevice::TooManyGuesses);
        }
        let Some(code) = code else {
            return Ok(GuessedDevice::Unknown);
        };
        Ok(match self.store.waiting_device(code, now).await? {
            Some(device) => {
                self.guesses.was_right(user);
                GuessedDevice::Waiting(device)
            }
            None => GuessedDevice::Unknown,
        })
    }

    /// Lets the device with this code have a session of the user.
    ///
    /// # Errors
    /// When the device does not wait any more, the session is over, or it cannot be written.
    pub(crate) async fn approve_device(
        &self,
        code: UserCode,
        user: &Principal,
        from: Source<'_>,
    ) -> Result<(), BeginError> {
        let approved = self.store.approve_device(code, user.session.number, self.now()).await;
        approved.map_err(|error| match error {
            CodeError::RequestOver | CodeError::SessionOver => BeginError::RequestOver,
            CodeError::Store(error) => BeginError::Store(error),
        })?;
        let client = self.store.client(ClientId::KubectlSso).await?;
        if let Some(client) = client {
            self.record(Kind::ClientAuthorized, &client, &user.account, user.session.id, from);
        }
        Ok(())
    }

    /// Tells the device with this code that its user refused.
    ///
    /// # Errors
    /// When the device does not wait any more, or it cannot be written.
    pub(crate) async fn refuse_device(&self, code: UserCode) -> Result<(), BeginError> {
        match self.store.refuse_device(code, self.now()).await? {
            true => Ok(()),
            false => Err(BeginError::RequestOver),
        }
    }

    /// Whether a refresh token belongs to a session that the first-party client began.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub(crate) async fn has_begun(&self, token: &BearerToken) -> Result<bool, Unavailable> {
        match token.kind() {
            Some(TokenKind::Refresh) => {
                self.store.is_of_vouched_session(&TokenHash::of(token.expose())).await
            }
            _ => Ok(false),
        }
    }

    fn vouched_tokens(&self, fresh: &FreshTokens, at: Client) -> VouchedTokens {
        VouchedTokens {
            token: fresh.token.hash(),
            refresh_token: fresh.refresh_token.hash(),
            client: at,
            now: fresh.now,
            token_expires_at: fresh.now + self.lifetimes.token,
            refresh_expires_at: fresh.now + self.lifetimes.refresh,
        }
    }

    fn begun(
        &self,
        client: &OidcClient,
        begun: VouchedSession,
        fresh: FreshTokens,
        from: Source<'_>,
    ) -> LoggedIn {
        let VouchedSession { account, session_id, .. } = begun;
        self.record(Kind::ClientSessionBegun, client, &account, session_id, from);
        for evicted in begun.evicted {
            let event = Event::new(Kind::SessionEvicted, fresh.now).by(&account).at(from);
            self.audit.record(event.in_session(evicted));
        }
        LoggedIn {
            token: fresh.token,
            issued_at: fresh.now,
            expires_at: begun.token_expires_at,
            refresh_token: fresh.refresh_token,
            refresh_expires_at: begun.refresh_expires_at,
            session_id,
            account,
        }
    }
}

impl FreshTokens {
    fn generate(now: DateTime<Utc>) -> Result<Self, getrandom::Error> {
        let token = PlainToken::generate(TokenKind::Session)?;
        Ok(Self { token, refresh_token: PlainToken::generate(TokenKind::Refresh)?, now })
    }
}

/// The result of a code that a user typed.
#[derive(Debug)]
pub(crate) enum GuessedDevice {
    Waiting(DeviceRequest),
    Unknown,
    /// The user has tried too many wrong codes. This one was not compared.
    TooManyGuesses,
}
