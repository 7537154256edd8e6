//! Answers of the provider that are presented again.

use super::oidc_tests::{account_of, begin, check_refused, come_back};
use crate::test_service::{FakeProvider, TestService};

/// The nonce belongs to the browser that began the log-in.
#[actix_web::test]
async fn the_id_token_of_one_log_in_is_refused_in_another() {
    let provider = FakeProvider::start().await;
    let service = TestService::with_upstream(&provider.issuer, None).await;
    let (first, second) = (begin(&service, "").await, begin(&service, "").await);
    provider.say(provider.claims(&first.query["nonce"]));
    account_of(&service, &come_back(&service, &first).await).await;
    check_refused(&come_back(&service, &second).await, 502, "not accepted");
}
