//! `kubectl sso status`: the log-ins with user, authority and expiry.

use std::path::Path;

use chrono::{DateTime, Utc};

use crate::{
    authority_url::AuthorityUrl, clock::Clock, error::CommandError, login_store::LoginStore,
    saved_login::SavedLogin, session::NextStep,
};

/// Describes the log-in at `sso`, or all log-ins, as saved below `state_home`, without a request.
///
/// # Errors
/// When there is no log-in, or the session at `sso` can no longer be used.
pub(crate) fn status(
    state_home: &Path,
    sso: Option<AuthorityUrl>,
    clock: &dyn Clock,
) -> Result<String, CommandError> {
    let now = clock.now();
    if let Some(sso) = sso {
        let (store, sso) = LoginStore::locate(state_home, Some(sso))?;
        let saved = store.read(&sso)?;
        return match saved.session.next_step(now) {
            NextStep::LogIn => Err(CommandError::SessionOver(sso)),
            NextStep::Use | NextStep::Renew => Ok(described(&saved, now)),
        };
    }
    let store = LoginStore::open(state_home)?;
    let saved = store.map_or_else(|| Ok(Vec::new()), |store| store.all())?;
    if saved.is_empty() {
        return Err(CommandError::NoLogin);
    }
    Ok(saved.iter().map(|saved| described(saved, now)).collect::<Vec<_>>().join("\n"))
}

fn described(saved: &SavedLogin, now: DateTime<Utc>) -> String {
    let SavedLogin { sso, session, .. } = saved;
    let mut text = format!("{:<12}{sso}\n{:<12}{}\n", "authority", "user", session.username);
    for (name, end) in [("token", session.expires_at), ("renewable", session.refresh_expires_at)] {
        let ended = if now < end { "" } else { " (ended)" };
        text += &format!("{name:<12}until {}{ended}\n", end.format("%F %T UTC"));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        clock::StoppedClock,
        commands::token::tests::{save, unreachable, usual},
        session::tests::{at, session},
    };

    const ALICE: &str = "authority   http://127.0.0.1:0\nuser        alice\n";

    #[tokio::test]
    async fn a_status_names_user_authority_and_expiry() {
        let home = tempfile::tempdir().unwrap();
        let status = |sso, now| status(home.path(), sso, &StoppedClock(at(now)));
        assert!(matches!(status(None, 0), Err(CommandError::NoLogin)));
        save(&home, &unreachable(), usual()).await;
        for (now, ended) in [(0, ""), (1800, " (ended)")] {
            let expected = format!(
                "{ALICE}token       until 1970-01-01 00:30:00 UTC{ended}\n\
                 renewable   until 1970-01-01 08:00:00 UTC\n"
            );
            assert_eq!(status(None, now).unwrap(), expected);
            assert_eq!(status(Some(unreachable()), now).unwrap(), expected);
        }
        let over = status(Some(unreachable()), 28800).unwrap_err();
        assert!(matches!(over, CommandError::SessionOver(_)), "{over}");
        assert_eq!(status(None, 28800).unwrap().matches(" (ended)").count(), 2);
    }

    #[tokio::test]
    async fn all_log_ins_are_shown_unless_one_is_named() {
        let home = tempfile::tempdir().unwrap();
        let other = AuthorityUrl::parse("https://sso.example").unwrap();
        save(&home, &other, session(2, 0, 1800, 28800)).await;
        save(&home, &unreachable(), usual()).await;
        let status = |sso| status(home.path(), sso, &StoppedClock(at(0))).unwrap();
        let all = status(None);
        assert!(all.starts_with(ALICE) && all.contains("\n\nauthority   https://sso.example\n"));
        assert!(!status(Some(other)).contains("127.0.0.1"));
        for token in [usual().token, usual().refresh_token] {
            assert!(!all.contains(token.expose()));
        }
    }
}
