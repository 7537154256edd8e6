//! How a session of kubectl-sso ends with the session of the browser that vouched for it.

use std::time::Duration;

use actix_web::http::Method;
use serde_json::{Value, json};
use service_runtime::clock::Clock;

use super::plugin::{Session, call, form, is_live, log_in, refresh, vouched};
use crate::{
    http::oidc::tests::relying_party::RelyingParty,
    store::Attribution,
    test_service::{LIFETIMES, LIMITS, PASSWORD},
};

/// An end of the session that vouched.
#[derive(Debug, Clone, Copy)]
enum End {
    LogOut,
    Revocation,
    Time,
    ByVouched,
    FromTheList,
    ReusedRefreshToken,
    Administrator,
    AllOfAll,
    PasswordChange,
    Disabling,
    Eviction,
}

/// Each row: how the session of the browser ends, and whether that of kubectl-sso goes on.
#[actix_web::test]
async fn session_ends_with_the_one_that_vouched_unless_by_log_out_or_time() {
    for (end, goes_on) in [
        (End::LogOut, true),
        (End::Revocation, true),
        (End::Time, true),
        (End::ByVouched, true),
        (End::FromTheList, false),
        (End::ReusedRefreshToken, false),
        (End::Administrator, false),
        (End::AllOfAll, false),
        (End::PasswordChange, false),
        (End::Disabling, false),
        (End::Eviction, false),
    ] {
        let party = RelyingParty::confidential().await;
        let alice = log_in(&party, "alice").await;
        let begun = vouched(&party, &alice).await;
        let begun = bring_about(&party, end, &alice, begun).await;
        assert!(!is_live(&party, &alice).await, "{end:?}");
        assert_eq!(is_live(&party, &begun).await, goes_on, "{end:?}");
        party.service.clock.advance(Duration::from_secs(11));
        assert_eq!(refresh(&party, &begun).await.status == 200, goes_on, "{end:?}");
    }
}

/// Ends the session of alice's browser, and gives the session of kubectl-sso.
async fn bring_about(party: &RelyingParty, end: End, alice: &Session, begun: Session) -> Session {
    let service = &party.service;
    match end {
        End::LogOut => call(party, Method::POST, "/auth/logout", alice, Value::Null).await,
        End::Revocation => {
            let answer = party.post("/oauth/revoke", &form([("token", &*alice.token)])).await;
            assert_eq!(answer.status, 200);
        }
        End::Time => {
            service.clock.advance(LIFETIMES.refresh - LIFETIMES.token);
            let renewed = Session::of(&refresh(party, &begun).await);
            service.clock.advance(LIFETIMES.token);
            let renewed_again = Session::of(&refresh(party, &renewed).await);
            service.upkeep.sweep().await.unwrap();
            return renewed_again;
        }
        End::ByVouched => call(party, Method::DELETE, "/auth/sessions", &begun, Value::Null).await,
        End::FromTheList => {
            let other = log_in(party, "alice").await;
            let path = format!("/auth/sessions/{}", alice.id);
            call(party, Method::DELETE, &path, &other, Value::Null).await;
            assert!(is_live(party, &other).await);
        }
        End::ReusedRefreshToken => {
            let next = Session::of(&refresh(party, alice).await);
            assert!(is_live(party, &next).await);
            service.clock.advance(Duration::from_secs(11));
            assert_eq!(refresh(party, alice).await.problem(), (401, "refresh_reused"));
        }
        End::Administrator | End::AllOfAll | End::Disabling => by_administrator(party, end).await,
        End::PasswordChange => {
            let other = log_in(party, "alice").await;
            let body =
                json!({"current_password": PASSWORD, "new_password": "another long password"});
            call(party, Method::POST, "/auth/password", &other, body).await;
        }
        End::Eviction => {
            // Those that are used stay.
            for _ in 0..LIMITS.per_user - 1 {
                service.clock.advance(Duration::from_secs(60));
                log_in(party, "alice").await;
                is_live(party, &begun).await;
            }
        }
    }
    begun
}

async fn by_administrator(party: &RelyingParty, end: End) {
    let root = log_in(party, "root").await;
    let sessions = "/admin/users/alice/sessions";
    match end {
        End::Administrator => call(party, Method::DELETE, sessions, &root, Value::Null).await,
        End::Disabling => {
            call(party, Method::PATCH, "/admin/users/alice", &root, json!({"disabled": true}))
                .await;
        }
        _ => {
            let by = Attribution::unrecorded(party.service.clock.now());
            party.service.store.end_all_sessions(by).await.unwrap();
        }
    }
}
