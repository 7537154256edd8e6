//! Answers when the database does not answer, or the time is in doubt: never a wrong yes or no.

use super::relying_party::RelyingParty;

#[actix_web::test]
async fn without_a_database_nothing_is_said_about_tokens() {
    let party = RelyingParty::confidential().await;
    let alice = party.browser("alice").await;
    let code = party.code(&alice).await;
    let tokens = party.tokens(&alice).await;
    party.service.store.close().await;
    let redeemed = party.token(&party.redemption(&code)).await;
    assert_eq!(redeemed.problem(), (503, "temporarily_unavailable"));
    assert_eq!(redeemed.header("retry-after"), "1");
    let claims = party.user_info(tokens["access_token"].as_str().unwrap()).await;
    assert_eq!(claims.problem(), (503, "temporarily_unavailable"));
    let begun = party.send(&alice, &party.request()).await;
    assert_eq!((begun.status.as_u16(), begun.header("location")), (503, ""));
}
