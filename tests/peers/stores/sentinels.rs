//! Sentinels replace the primary.

use libtest_mimic::Trial;

use super::named;
use crate::databases::Sentinels;

pub(super) fn trials() -> Vec<Trial> {
    named!(
        "sentinels",
        Sentinels::installed(),
        [ordered_fail_over_keeps_what_was_written, killed_primary_is_replaced],
    )
}

async fn ordered_fail_over_keeps_what_was_written() {
    let mut sentinels = Sentinels::start().await;
    assert_eq!(sentinels.primary().await.command(&["SET", "key", "value"]).await.unwrap(), "OK");
    // The confirmation of the replica.
    assert_eq!(sentinels.primary().await.command(&["WAIT", "1", "0"]).await.unwrap(), "1");
    let old = sentinels.primary().await.address();
    sentinels.fail_over().await;
    let new = sentinels.primary().await;
    assert_ne!(new.address(), old);
    assert_eq!(new.command(&["GET", "key"]).await.unwrap(), "value");
}

async fn killed_primary_is_replaced() {
    let mut sentinels = Sentinels::start().await;
    assert!(!sentinels.name().is_empty());
    assert!(sentinels.addresses().iter().all(|address| address.ip().is_loopback()));
    let old = sentinels.primary().await;
    let address = old.address();
    old.kill();
    sentinels.until_replaced(address).await;
    let new = sentinels.primary().await;
    assert_eq!(new.command(&["SET", "key", "value"]).await.unwrap(), "OK");
}
