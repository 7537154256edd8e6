//! Sessions that begin without a log-in.

use super::*;
use crate::administration::Minting;
use futures_util::future::join_all;

on_both_engines![
    minted_sessions_are_beyond_the_limit_and_cannot_be_renewed,
    minted_sessions_are_recorded_though_the_output_is_closed,
];

async fn minted_sessions_are_beyond_the_limit_and_cannot_be_renewed(engine: Engine) {
    let database = TestDatabase::of(engine);
    let limits = SessionLimits { per_user: 1, total: 1 };
    let service = TestService::with(LIFETIMES, limits, &database.location).await;
    service.add_user("alice", &[]).await;
    let logged_in = log_in(&service, "alice").await;
    let minting =
        Minting { user: "alice".parse().unwrap(), count: 4500, ttl: Duration::from_secs(60) };
    let mut tokens = Vec::new();
    let command = database.command(&service).await;
    let mint = command.administration.mint_sessions(&minting, |batch| {
        tokens.extend(batch.iter().map(|token| bearer(token.expose())));
        Ok(())
    });
    mint.await.unwrap();
    assert_eq!(tokens.len(), 4500);
    // In memory or not, tokens are followed with the number of their sessions.
    until("the minted sessions", async || service.counts().await == (4501, 4501)).await;
    let checks = tokens.iter().map(|token| service.authority.validate(token, None, HERE));
    assert!(join_all(checks).await.iter().all(Result::is_ok));
    assert!(is_valid(&service, &logged_in).await);
    service.clock.advance(Duration::from_secs(60));
    service.upkeep.sweep().await.unwrap();
    catch_up(&service).await;
    assert_eq!(service.counts().await, (1, 1));
}

/// As in `… sessions mint … | head -1`.
async fn minted_sessions_are_recorded_though_the_output_is_closed(engine: Engine) {
    let database = TestDatabase::of(engine);
    let service = database.start().await;
    service.add_user("alice", &[]).await;
    let ttl = Duration::from_secs(60);
    let minting = Minting { user: "alice".parse().unwrap(), count: 9000, ttl };
    let command = database.command(&service).await;
    let mut lots = 0;
    let mint = command.administration.mint_sessions(&minting, |_| {
        lots += 1;
        if lots < 2 { Ok(()) } else { Err(io::ErrorKind::BrokenPipe.into()) }
    });
    mint.await.unwrap_err();
    let events = service.store.texts("SELECT event FROM audit").await;
    assert_eq!(events.len(), 1);
    assert!(
        events[0].contains("\"target\":\"alice\",\"via\":\"shell\",\"count\":4000"),
        "{events:?}"
    );
}
