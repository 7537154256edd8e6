//! The end of a log over a WebSocket: by the session, the gateway, the container or the client.

use std::{fs, time::Duration};

use tokio_tungstenite::tungstenite::protocol::frame::coding::CloseCode;

use super::{BINARY, WEB, append, start};
use crate::{
    harness::{Setup, cri, patience, until},
    kubernetes::socket::{Socket, ask, refused},
};

#[tokio::test]
async fn a_followed_log_is_cut_off_with_its_session() {
    let (pair, alice) = start(Setup::new(), cri(&["one"])).await;
    let mut socket = Socket::open(&alice, &format!("{WEB}?follow=true"), &[BINARY]).await;
    socket.expect("one\n").await;
    append(&pair, &["two"]);
    socket.expect("two\n").await;
    assert_eq!(alice.log_out().await.status, 204);
    socket.check_end_is(CloseCode::Policy, "Revoked").await;
}

#[tokio::test]
async fn a_socket_ends_with_its_token() {
    let (_pair, alice) = start(Setup::new().sso("SSO_TOKEN_TTL", "2s"), cri(&["one"])).await;
    let mut socket = Socket::open(&alice, &format!("{WEB}?follow=true"), &[BINARY]).await;
    socket.expect("one\n").await;
    socket.check_end_is(CloseCode::Policy, "Expired").await;
}

#[tokio::test]
async fn a_termination_ends_a_socket_promptly() {
    let (mut pair, alice) = start(Setup::new(), cri(&["one"])).await;
    let mut socket = Socket::open(&alice, &format!("{WEB}?follow=true"), &[BINARY]).await;
    socket.expect("one\n").await;
    pair.gateway.terminate();
    let ((), took) =
        tokio::join!(socket.check_end_is(CloseCode::Away, "Shutdown"), pair.gateway.ending());
    assert!(took < Duration::from_secs(4), "{took:?}");
}

#[tokio::test]
async fn a_follow_ends_cleanly_with_its_container() {
    let (pair, alice) = start(Setup::new(), cri(&["one"])).await;
    let mut socket = Socket::open(&alice, &format!("{WEB}?follow=true"), &[BINARY]).await;
    socket.expect("one\n").await;
    fs::remove_dir_all(pair.logs.pod("default", "web").path()).unwrap();
    assert_eq!(socket.whole().await, b"");
}

#[tokio::test]
async fn a_socket_counts_as_a_stream_of_the_user_until_the_client_goes() {
    let setup = Setup::new().gateway("GATEWAY_MAX_STREAMS_PER_USER", "1");
    let (_pair, alice) = start(setup, cri(&["one"])).await;
    let follow = format!("{WEB}?follow=true");
    let place_is_free = || {
        until("the place is free", patience(), async || {
            (ask(&alice, WEB, &[]).await.status() == 101).then_some(())
        })
    };
    // One client disconnects without a close frame, and one with it.
    let mut socket = Socket::open(&alice, &follow, &[BINARY]).await;
    socket.expect("one\n").await;
    assert_eq!(refused(ask(&alice, WEB, &[]).await).await.0, 429);
    drop(socket);
    place_is_free().await;
    let mut socket = Socket::open(&alice, &follow, &[BINARY]).await;
    socket.expect("one\n").await;
    socket.0.close(None).await.unwrap();
    assert_eq!(socket.rest().await, (Vec::new(), None));
    place_is_free().await;
}
