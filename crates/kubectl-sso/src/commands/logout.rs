//! `kubectl sso logout`: ends the session at the authority and removes it from the state.

use std::path::Path;

use crate::{
    authority::{AuthorityClient, AuthorityError},
    authority_url::AuthorityUrl,
    clock::Clock,
    error::CommandError,
    login_store::LoginStore,
};

/// Logs out, and returns the text to print. `sso` may be left out when there is one log-in.
///
/// While the authority is unavailable, the session has not ended and stays saved.
pub(crate) async fn logout(
    state_home: &Path,
    sso: Option<AuthorityUrl>,
    clock: &dyn Clock,
) -> Result<String, CommandError> {
    let (store, sso) = LoginStore::locate(state_home, sso)?;
    // Before reading: a renewal on its way would save a token of the ended session afterwards.
    let lock = store.lock(&sso).await?;
    let saved = store.read(&sso)?;
    let failed = |cause| CommandError::unknown(&sso, cause);
    let authority = AuthorityClient::new(&sso, saved.ca.as_deref(), clock).map_err(failed)?;
    match authority.log_out(&saved.session.token).await {
        Ok(()) => {}
        Err(AuthorityError::Refused(answer)) if answer.status == 401 => {}
        Err(cause) => return Err(failed(cause)),
    }
    lock.remove()?;
    Ok(format!("Logged out at {sso}.\n"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        clock::StoppedClock,
        commands::token::tests::{FakeAuthority, Reply, logged_in, save, unreachable, usual},
        session::tests::at,
    };

    async fn log_out(home: &Path, sso: &AuthorityUrl) -> Result<String, CommandError> {
        logout(home, Some(sso.clone()), &StoppedClock(at(60))).await
    }

    #[tokio::test]
    async fn a_session_that_ended_is_removed() {
        for reply in [Reply::NoContent, Reply::Problem(401, "invalid_token")] {
            let (home, authority) = logged_in([reply]).await;
            let FakeAuthority { sso, .. } = &authority;
            let said = log_out(home.path(), sso).await.unwrap();
            assert_eq!(said, format!("Logged out at {sso}.\n"));
            assert_eq!(authority.presented(), [usual().token.expose()]);
            let again = log_out(home.path(), sso).await.unwrap_err();
            assert!(matches!(again, CommandError::NotLoggedIn(_)), "{again}");
        }
    }

    #[tokio::test]
    async fn a_session_that_may_be_live_stays_saved() {
        let (home, authority) = logged_in([Reply::Problem(503, "store_unavailable")]).await;
        let error = log_out(home.path(), &authority.sso).await.unwrap_err();
        assert!(matches!(error, CommandError::Unknown { .. }), "{error}");
        let home = tempfile::tempdir().unwrap();
        save(&home, &unreachable(), usual()).await;
        for _ in 0..2 {
            let error = log_out(home.path(), &unreachable()).await.unwrap_err();
            assert!(error.to_string().ends_with("still logged in, try again later"), "{error}");
        }
    }
}
