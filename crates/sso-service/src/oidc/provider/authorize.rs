//! Authorization requests: who has to be asked, and the answer.

use chrono::TimeDelta;
use uuid::Uuid;

use super::{error::BeginError, service::OidcProvider};
use crate::{
    audit::{Kind, Source},
    network::Network,
    oauth::IdTokenHint,
    oidc::{
        authorization::{
            AuthorizationRequest, Freshness, NewCode, RequestFault, RequestParameters,
            checked_state,
        },
        client::{ClientId, ClientUri, OidcClient},
        random_text::RandomText,
    },
    sessions::{Principal, log_in_millis},
    store::{CodeError, RequestError, Unavailable},
    tokens::TokenHash,
};

/// How long a code may be redeemed.
const CODE_LIFETIME: TimeDelta = TimeDelta::seconds(60);

/// An authorization request that goes on.
#[derive(Debug)]
pub(crate) struct Authorizing {
    pub(crate) client: OidcClient,
    redirect_uri: ClientUri,
    pub(crate) request: AuthorizationRequest,
    /// The hash of its id, if it is stored.
    stored: Option<TokenHash>,
}

/// What has to happen next for an authorization request.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum NextStep {
    /// The user logs in, perhaps again.
    LogIn,
    /// The user is asked whether to go on to the client.
    Ask,
    /// The client gets a code.
    Authorize,
    /// The client is told this.
    Refuse(RequestFault),
}

impl OidcProvider {
    /// Begins an authorization request with these parameters.
    ///
    /// # Errors
    /// When the client or its address is unknown, and so nobody can be answered; when the client is
    /// to be told of a fault; or when the client or the keys cannot be read.
    pub(crate) async fn begin(
        &self,
        mut parameters: RequestParameters,
        issuer: &str,
    ) -> Result<Authorizing, BeginError> {
        let id = parameters.client_id.as_deref().and_then(|id| id.parse().ok());
        let client = self.client(id.ok_or(BeginError::UnknownClient)?).await?;
        let asked = parameters.redirect_uri.take().unwrap_or_default();
        let redirect_uri = client.redirect_uri(&asked).ok_or(BeginError::WrongRedirectUri)?;
        let refused = |fault: RequestFault, state: Option<&str>| {
            BeginError::Refused(fault_answer(&redirect_uri, fault, state, issuer))
        };
        let state = checked_state(parameters.state.take()).map_err(|fault| refused(fault, None))?;
        parameters.state.clone_from(&state);
        let subject = self.hinted_subject(&client, &parameters, issuer).await?;
        let request = AuthorizationRequest::new(client.id, asked, parameters, subject, self.now());
        match request {
            Ok(request) => Ok(Authorizing { client, redirect_uri, request, stored: None }),
            Err(fault) => Err(refused(fault, state.as_deref())),
        }
    }

    /// The stored authorization request of this id.
    ///
    /// # Errors
    /// When it is over, or it or its client cannot be read.
    pub(crate) async fn resume(&self, id: &str) -> Result<Authorizing, BeginError> {
        let hash = TokenHash::of(id);
        let request = self.store.waiting_request(hash, self.now()).await?;
        let request = request.ok_or(BeginError::RequestOver)?;
        let client = self.client(request.client).await?;
        // The client may have been changed meanwhile.
        let redirect_uri = client.redirect_uri(&request.redirect_uri);
        let redirect_uri = redirect_uri.ok_or(BeginError::WrongRedirectUri)?;
        Ok(Authorizing { client, redirect_uri, request, stored: Some(hash) })
    }

    /// How recently the user of the stored request of this id has to have logged in. Of a request
    /// that is over nothing is demanded.
    ///
    /// # Errors
    /// When it cannot be read.
    pub(crate) async fn demanded_freshness(&self, id: &str) -> Result<Freshness, Unavailable> {
        let request = self.store.waiting_request(TokenHash::of(id), self.now()).await?;
        Ok(request.map(|request| request.freshness()).unwrap_or_default())
    }

    /// Stores an authorization request that has to wait for a user of this network, and gives its
    /// id.
    ///
    /// # Errors
    /// When too many wait, there is no randomness, or it cannot be written.
    pub(crate) async fn suspend(
        &self,
        authorizing: &Authorizing,
        network: Network,
    ) -> Result<RandomText, BeginError> {
        let id = RandomText::generate()?;
        let stored =
            self.store.store_request(id.hash(), &authorizing.request, network, self.now()).await;
        match stored {
            Ok(()) => Ok(id),
            Err(RequestError::TooMany) => Err(BeginError::TooMany),
            Err(RequestError::Unavailable(error)) => Err(error.into()),
        }
    }

    /// What has to happen next, for the user who is logged in, if one is. `is_approved` tells that
    /// this user has just been asked.
    pub(crate) fn next_step(
        &self,
        authorizing: &Authorizing,
        user: Option<&Principal>,
        is_approved: bool,
    ) -> NextStep {
        let Authorizing { client, request, .. } = authorizing;
        let unless_none = |step, fault| {
            if request.prompt.none { NextStep::Refuse(fault) } else { step }
        };
        let is_logged_in = |user: &&Principal| {
            request.subject.is_none_or(|subject| subject == user.account.user_id)
                && !request.needs_log_in(log_in_millis(user.session.id), self.now())
        };
        let Some(user) = user.filter(is_logged_in) else {
            return unless_none(NextStep::LogIn, RequestFault::LOGIN_REQUIRED);
        };
        if !client.admits(&user.account) {
            return NextStep::Refuse(RequestFault::NOT_ADMITTED);
        }
        // A foreign page may have begun the request of a client that anybody can claim to be.
        if (client.is_public() || request.prompt.consent) && !is_approved {
            return unless_none(NextStep::Ask, RequestFault::INTERACTION_REQUIRED);
        }
        NextStep::Authorize
    }

    /// Gives the client a code for the user of a session: the URL to which the browser goes. A
    /// stored request is over then.
    ///
    /// # Errors
    /// When the request or the session is over, or the code cannot be written.
    pub(crate) async fn authorize(
        &self,
        authorizing: &Authorizing,
        user: &Principal,
        issuer: &str,
        from: Source<'_>,
    ) -> Result<String, BeginError> {
        let (code, now) = (RandomText::generate()?, self.now());
        let Authorizing { client, redirect_uri, request, stored } = authorizing;
        let new = NewCode {
            hash: code.hash(),
            client: client.id,
            session: user.session.number,
            redirect_uri: request.redirect_uri.clone(),
            code_challenge: request.code_challenge().to_owned(),
            scope: request.scope().to_string(),
            nonce: request.nonce.clone(),
            request: *stored,
            now,
            expires_at: now + CODE_LIFETIME,
        };
        self.store.add_code(new).await.map_err(|error| match error {
            CodeError::RequestOver | CodeError::SessionOver => BeginError::RequestOver,
            CodeError::Store(error) => BeginError::Store(error),
        })?;
        self.record(Kind::ClientAuthorized, client, &user.account, user.session.id, from);
        let mut parameters = vec![("code", code.expose())];
        parameters.extend(request.state.as_deref().map(|state| ("state", state)));
        parameters.push(("iss", issuer));
        Ok(redirect_uri.with_parameters(&parameters))
    }

    /// Tells the client of a fault: the URL to which the browser goes. A stored request is over
    /// then.
    ///
    /// # Errors
    /// When the database cannot be written.
    pub(crate) async fn refuse(
        &self,
        authorizing: &Authorizing,
        fault: RequestFault,
        issuer: &str,
    ) -> Result<String, Unavailable> {
        if let Some(stored) = authorizing.stored {
            self.store.forget_request(stored).await?;
        }
        let Authorizing { redirect_uri, request, .. } = authorizing;
        Ok(fault_answer(redirect_uri, fault, request.state.as_deref(), issuer))
    }

    async fn client(&self, id: ClientId) -> Result<OidcClient, BeginError> {
        self.store.client(id).await?.ok_or(BeginError::UnknownClient)
    }

    /// The user of the ID token that the client sent along. One that cannot be read any more, as its
    /// key is gone, does not count.
    async fn hinted_subject(
        &self,
        client: &OidcClient,
        parameters: &RequestParameters,
        issuer: &str,
    ) -> Result<Option<Uuid>, BeginError> {
        let Some(hint) = &parameters.id_token_hint else {
            return Ok(None);
        };
        let hint = self.keys.read_id_token(hint).await?;
        let is_ours = |hint: &IdTokenHint| hint.iss == issuer && hint.aud == client.id;
        Ok(hint.filter(is_ours).map(|hint| hint.sub))
    }
}

impl Authorizing {
    /// The host that the browser goes on to.
    pub(crate) fn host(&self) -> &str {
        self.redirect_uri.host()
    }

    /// Whether it is stored already.
    pub(crate) fn is_stored(&self) -> bool {
        self.stored.is_some()
    }
}

/// The error at the client's address, with the issuer (RFC 9207).
fn fault_answer(
    redirect_uri: &ClientUri,
    fault: RequestFault,
    state: Option<&str>,
    issuer: &str,
) -> String {
    let mut parameters = vec![("error", fault.error), ("error_description", fault.description)];
    parameters.extend(state.map(|state| ("state", state)));
    parameters.push(("iss", issuer));
    redirect_uri.with_parameters(&parameters)
}
