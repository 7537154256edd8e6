//! `logs-gateway kube-token`: a token for kubectl, renewed when it is about to end.

use std::path::Path;

use service_runtime::clock::Clock;

use super::{
    authority::Authority,
    exec_credential::exec_credential,
    failure::Failure,
    kept::Kept,
    session::{Session, Verdict},
    sso_url::SsoUrl,
    state::StateDirectory,
};

/// The `ExecCredential` for the session that is kept in `state_home`; without `sso` there must be
/// one only.
pub(crate) async fn kube_token(
    state_home: &Path,
    sso: Option<SsoUrl>,
    clock: &dyn Clock,
) -> Result<String, Failure> {
    let Some(directory) = StateDirectory::open(state_home)? else {
        return Err(sso.map_or(Failure::NowhereLoggedIn, Failure::NotLoggedIn));
    };
    let sso = sso.map_or_else(|| the_only_one(&directory), Ok)?;
    let session = usable_session(&directory, &sso, clock).await?;
    Ok(exec_credential(&session, clock.now())?)
}

fn the_only_one(directory: &StateDirectory) -> Result<SsoUrl, Failure> {
    let mut found = Vec::new();
    for name in directory.names()? {
        let json = directory.read(&name)?;
        found.extend(json.and_then(|json| Kept::from_json(&json)).map(|kept| kept.sso));
    }
    match found.len() {
        0 => Err(Failure::NowhereLoggedIn),
        1 => Ok(found.remove(0)),
        _ => {
            found.sort_by_key(ToString::to_string);
            Err(Failure::LoggedInAtSeveral(found))
        }
    }
}

/// Most calls end here, with what is kept: reading needs no lock.
async fn usable_session(
    directory: &StateDirectory,
    sso: &SsoUrl,
    clock: &dyn Clock,
) -> Result<Session, Failure> {
    let session = read(directory, sso)?.session;
    if session.judge(clock.now()) == Verdict::Give {
        return Ok(session);
    }
    match renewed_session(directory, sso, clock).await {
        Err(failure) if failure.says_nothing_of_the_session() && session.is_live(clock.now()) => {
            Ok(session)
        }
        renewed => renewed,
    }
}

/// Of several who come at a time one renews, and the others find it done.
async fn renewed_session(
    directory: &StateDirectory,
    sso: &SsoUrl,
    clock: &dyn Clock,
) -> Result<Session, Failure> {
    let lock = directory.lock(&sso.hash()).await?;
    let kept = read(directory, sso)?;
    match kept.session.judge(clock.now()) {
        Verdict::Give => return Ok(kept.session),
        Verdict::Over => return Err(Failure::Over(sso.clone())),
        Verdict::Renew => {}
    }
    let failed = |cause| Failure::of_refresh(sso, cause);
    let authority = Authority::new(sso, kept.ca.as_deref(), clock).map_err(failed)?;
    // Until the next refresh token is on disk the spent one is: whoever finds it there shows it
    // again, and gets the same answer.
    let session = authority.refresh(&kept.session.refresh_token).await.map_err(failed)?;
    let kept = Kept { session, ..kept };
    lock.replace(&kept.to_json()?)?;
    Ok(kept.session)
}

fn read(directory: &StateDirectory, sso: &SsoUrl) -> Result<Kept, Failure> {
    let json = directory.read(&sso.hash())?.ok_or_else(|| Failure::NotLoggedIn(sso.clone()))?;
    let kept = Kept::from_json(&json).filter(|kept| kept.sso == *sso);
    kept.ok_or_else(|| Failure::Unreadable(sso.clone()))
}

#[cfg(test)]
mod tests;
