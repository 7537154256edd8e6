//! `kubectl sso token`: a token for kubectl, renewed shortly before its end.

use std::path::Path;

use crate::{
    authority::AuthorityClient,
    authority_url::AuthorityUrl,
    clock::Clock,
    error::CommandError,
    exec_credential::exec_credential,
    login_store::LoginStore,
    saved_login::SavedLogin,
    session::{NextStep, Session},
};

/// The `ExecCredential` of the session saved below `state_home`. `sso` may be left out when there
/// is one log-in.
pub(crate) async fn token(
    state_home: &Path,
    sso: Option<AuthorityUrl>,
    clock: &dyn Clock,
) -> Result<String, CommandError> {
    let (store, sso) = LoginStore::locate(state_home, sso)?;
    let session = usable_session(&store, &sso, clock).await?;
    Ok(exec_credential(&session, clock.now())?)
}

/// The saved session, renewed if necessary. Most calls only read: that needs no lock.
async fn usable_session(
    store: &LoginStore,
    sso: &AuthorityUrl,
    clock: &dyn Clock,
) -> Result<Session, CommandError> {
    let session = store.read(sso)?.session;
    if session.next_step(clock.now()) == NextStep::Use {
        return Ok(session);
    }
    match renewed_session(store, sso, clock).await {
        Err(error) if error.leaves_the_session_unknown() && session.is_live(clock.now()) => {
            Ok(session)
        }
        outcome => outcome,
    }
}

/// Of several processes at a time one renews the session; the others find it renewed.
async fn renewed_session(
    store: &LoginStore,
    sso: &AuthorityUrl,
    clock: &dyn Clock,
) -> Result<Session, CommandError> {
    let lock = store.lock(sso).await?;
    let saved = store.read(sso)?;
    match saved.session.next_step(clock.now()) {
        NextStep::Use => return Ok(saved.session),
        NextStep::LogIn => return Err(CommandError::SessionOver(sso.clone())),
        NextStep::Renew => {}
    }
    let failed = |cause| CommandError::of_refresh(sso, cause);
    let authority = AuthorityClient::new(sso, saved.ca.as_deref(), clock).map_err(failed)?;
    // The spent refresh token stays on disk until its successor is there: a process that finds it
    // presents it again and gets the same answer.
    let session = authority.refresh(&saved.session.refresh_token).await.map_err(failed)?;
    let saved = SavedLogin { session, ..saved };
    lock.replace(&saved)?;
    Ok(saved.session)
}

#[cfg(test)]
#[path = "token_tests.rs"]
pub(super) mod tests;
